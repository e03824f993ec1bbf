"""One token at a time gives what the whole sequence gives, for lengths that divide nothing."""

import pytest
import torch

from focus_core.config import ModelConfig
from focus_core.cost import cost
from focus_core.decoding import Decoder, why_not
from focus_core.mixers import MIXERS
from focus_core.model import build_model

LENGTH = 23
STEPPED = {
    "attention": 1e-10, "transformer": 1e-10, "transformer_xl": 1e-10, "gpt2": 1e-10,
    "mega": 1e-10, "shortconv": 1e-10, "s4d": 1e-10,
    # its parallel kernel is exact to WRAP, times the largest tap
    "s4": 1e-9,
}  # fmt: skip


def build(mixer, max_length=LENGTH, **fields):
    model = ModelConfig(mixer=mixer, width=8, chunk_length=4, **fields)
    net = build_model(model, vocab_size=7, num_outputs=7, max_length=max_length)
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.1)
    return net.double().eval()


def tokens(batch=2, length=LENGTH):
    return torch.randint(7, (batch, length), generator=torch.Generator().manual_seed(0))


def stepped(decoder, tokens_BL):
    """Logits (B, L, V) and the last state."""
    state, rows = decoder.initial_state(len(tokens_BL)), []
    for tokens_B in tokens_BL.unbind(1):
        logits_BV, state = decoder.step(tokens_B, state)
        rows.append(logits_BV)
    return torch.stack(rows, dim=1), state


@pytest.mark.parametrize("mixer", STEPPED)
def test_steps_give_what_the_whole_sequence_gives(mixer):
    net = build(mixer, **({"heads": 2} if mixer != "mega" else {}))
    with torch.no_grad():
        whole = net(tokens())
    found, state = stepped(Decoder(net), tokens())
    assert (found - whole).abs().max() < STEPPED[mixer] * whole.abs().max()
    assert state.position == LENGTH
    other = tokens().clone()
    other[:, -2] = (other[:, -2] + 1) % 7
    again, _ = stepped(Decoder(net), other)
    assert (again[:, -1] - whole[:, -1]).abs().max() > 1e-6


@pytest.mark.parametrize("mixer", STEPPED)
def test_a_state_is_a_value(mixer):
    """Two continuations of one state do not disturb each other."""
    decoder = Decoder(build(mixer))
    _, state = stepped(decoder, tokens(length=9))
    one, zero = torch.ones(2, dtype=torch.int64), torch.zeros(2, dtype=torch.int64)
    first, _ = decoder.step(one, state)
    decoder.step(zero, state)
    again, _ = decoder.step(one, state)
    assert torch.equal(first, again)


def numbers(state):
    """How many real numbers a state holds."""
    if isinstance(state, torch.Tensor):
        return state.numel() * (2 if state.is_complex() else 1)
    return sum(numbers(part) for part in state if not isinstance(part, int))


@pytest.mark.parametrize("mixer", STEPPED)
def test_a_state_is_as_large_as_the_cost_model_says(mixer):
    net = build(mixer)
    length = 20  # whole chunks
    _, state = stepped(Decoder(net), tokens(batch=1, length=length))
    expected = cost(net.config, vocab_size=7, num_outputs=7, length=length).state_bytes / 4
    assert numbers(state.mixers) == expected


@pytest.mark.parametrize("mixer", ["mega", "transformer_xl", "shortconv", "s4", "s4d"])
def test_memory_does_not_grow(mixer):
    decoder = Decoder(build(mixer))
    sizes = [numbers(stepped(decoder, tokens(length=n))[1].mixers) for n in (8, 16, 20)]
    assert len(set(sizes)) == 1


def test_what_cannot_be_stepped_is_refused_with_the_reason():
    refused = [mixer for mixer in MIXERS if mixer not in STEPPED]
    assert refused == ["focus", "hyena"]
    with pytest.raises(ValueError, match=r"use model\.global_conv=none"):
        Decoder(build("focus"))
    with pytest.raises(ValueError, match="no state of a fixed size"):
        Decoder(build("hyena"))
    assert why_not(build("mega")) == ""


def test_gpt2_has_no_position_after_its_last():
    decoder = Decoder(build("gpt2"))
    _, state = stepped(decoder, tokens())
    with pytest.raises(ValueError, match="max_length=24 or more, not 23"):
        decoder.step(torch.zeros(2, dtype=torch.int64), state)
