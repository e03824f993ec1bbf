"""One token at a time gives what the whole sequence gives, for lengths that divide nothing."""

from typing import Any

import pytest
import torch
from torch import Tensor

from focus_core.config import Scalar
from focus_core.systems import SYSTEMS
from focus_core.tools.cost import cost
from focus_core.tools.decoding import Decoder, DecoderState
from focus_core.training.network import SequenceModel, build_model
from tests.configs import model_config

LENGTH = 23
WITHOUT_KERNEL: dict[str, Scalar] = {"global_conv": "none"}
ARMS: dict[str, dict[str, Scalar]] = {
    **{mixer: {"mixer": mixer} for mixer in SYSTEMS if mixer not in ("focus", "hyena")},
    "transformer_xl, biases of its own": {"mixer": "transformer_xl", "position_bias": "layer"},
    "s4, bare": {"mixer": "s4", "feed_forward": False},
    "focus": {},
    "without kernel": WITHOUT_KERNEL,
    "averaged": {"global_conv": "ema"},
    "carried": {"carry": True, "theta_shift": 2, **WITHOUT_KERNEL},
    "bank": {
        "filters": 2, "order": 4, "parameterisation": "cascade", "gain": "dc", "pooling": "lse",
        "carry": True, "hyper_scope": "shared", "filter_skip": True, "short_conv": 3,
        **WITHOUT_KERNEL,
    },
    "zero first": {"first_bin": "zero", **WITHOUT_KERNEL},
    "static": {"filter": "static"},
    "static, carried": {"filter": "static", "carry": True, "parameterisation": "lattice"},
    "ema": {"filter": "ema"},
    "no filter": {"filter": "none"},
    "sliding": {"filter": "none", "sliding": True},
    "short filter": {"filter": "short_conv"},
    "no attention": {"filter": "ema", "attention": "none"},
    "wired": {"filter": "ema", "value_from": "input", "gates_from": "input"},
    "coupled": {"filter": "coupled", "filters": 2},
    "real poles": {"filter": "coupled", "poles": "real", "theta": "bin"},
    "coupled, real": {"filter": "coupled", "poles": "real"},
    "coupled, full map": {"filter": "coupled", "theta_rank": None},
    "coupled, bins": {"filter": "coupled", "theta": "bin"},
    "coupled, static": {"filter": "coupled", "theta": "static"},
}  # fmt: skip


def build(arm: str, /, max_length: int = LENGTH, **fields: Any) -> SequenceModel:
    given = {"width": 8, "chunk_length": 4, "bin_length": 5, **ARMS.get(arm, {}), **fields}
    model = model_config(**given)
    net = build_model(model, vocab_size=7, num_outputs=7, max_length=max_length)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.1)
    return net.double().eval()


def tokens(batch: int = 2, length: int = LENGTH) -> Tensor:
    return torch.randint(7, (batch, length), generator=torch.Generator().manual_seed(0))


def stepped(decoder: Decoder, tokens_BL: Tensor) -> tuple[Tensor, DecoderState]:
    """Logits (B, L, V) and the last state."""
    state, rows = decoder.initial_state(len(tokens_BL)), []
    for tokens_B in tokens_BL.unbind(1):
        logits_BV, state = decoder.step(tokens_B, state)
        rows.append(logits_BV)
    return torch.stack(rows, dim=1), state


@pytest.mark.parametrize("arm", ARMS)
def test_steps_give_what_the_whole_sequence_gives(arm: str) -> None:
    net = build(arm, heads=2)
    with torch.no_grad():
        whole = net(tokens())
    found, state = stepped(Decoder(net), tokens())
    assert (found - whole).abs().max() < 1e-10 * whole.abs().max()
    assert state.position == LENGTH
    other = tokens().clone()
    other[:, -2] = (other[:, -2] + 1) % 7
    again, _ = stepped(Decoder(net), other)
    assert (again[:, -1] - whole[:, -1]).abs().max() > 1e-6


@pytest.mark.parametrize("arm", ARMS)
def test_a_state_is_a_value(arm: str) -> None:
    """Two continuations of one state do not disturb each other."""
    decoder = Decoder(build(arm))
    _, state = stepped(decoder, tokens(length=9))
    one, zero = torch.ones(2, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)
    first, _ = decoder.step(one, state)
    decoder.step(zero, state)
    again, _ = decoder.step(one, state)
    assert torch.equal(first, again)


def numbers(state: Any) -> int:
    """How many real numbers a state holds."""
    if isinstance(state, torch.Tensor):
        return state.numel() * (2 if state.is_complex() else 1)
    return sum(numbers(part) for part in state or () if not isinstance(part, int))


FULL = ["flash_transformer", "transformer", "gpt2"]
"""Attention over the whole past. The global convolution of ``focus`` keeps the past too."""
FIXED = ["mega", "transformer_xl", "short_conv", "s4", "s4d"]


@pytest.mark.parametrize(
    "arm",
    [
        "no filter",
        "ema",
        "short filter",
        "coupled",
        "coupled, bins",
        "real poles",
        "sliding",
        *FULL,
        *FIXED,
    ],
)
def test_a_state_is_as_large_as_the_cost_model_says(arm: str) -> None:
    net = build(arm)
    length = 20  # whole chunks
    _, state = stepped(Decoder(net), tokens(batch=1, length=length))
    expected = cost(net.config, vocab_size=7, num_outputs=7, length=length).state_bytes / 4
    assert numbers(state.mixers) == expected


@pytest.mark.parametrize("arm", [arm for arm in ARMS if arm not in ("focus", *FULL)])
def test_memory_does_not_grow(arm: str) -> None:
    """After 20, 40 and 60 tokens: whole chunks, segments and bins."""
    decoder = Decoder(build(arm))
    sizes = [numbers(stepped(decoder, tokens(length=n))[1]) for n in (20, 40, 60)]
    assert len(set(sizes)) == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"mixer": "hyena"}, "no state of a fixed size"),
        ({"global_conv": "layer"}, r"use causal, ema or none"),
        (
            {"filter": "static", "static_per": "bin"},
            "the bins of a training sequence",
        ),
        ({"filter": "static", "realisation": "sampled"}, "filters whole bins; use recurrence"),
        ({"filter": "static", "realisation": "literal"}, "what comes later is needed"),
    ],
)
def test_what_cannot_be_stepped_is_refused_with_the_reason(
    fields: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        Decoder(build("refused", **fields))


@pytest.mark.parametrize("kind", [{"vocab_size": None}, {"readout": "mean"}])
def test_what_is_no_language_is_refused(kind: dict[str, str | None]) -> None:
    sizes: dict[str, Any] = {"vocab_size": 7, "num_outputs": 7, "max_length": 8, **kind}
    net = build_model(model_config(mixer="s4d", width=8), **sizes)
    with pytest.raises(ValueError, match="no decoding step: it reads a whole sequence"):
        Decoder(net)


def test_gpt2_has_no_position_after_its_last() -> None:
    decoder = Decoder(build("gpt2"))
    _, state = stepped(decoder, tokens())
    with pytest.raises(ValueError, match="max_length=24 or more, not 23"):
        decoder.step(torch.zeros(2, dtype=torch.int64), state)
