"""A mixer from outside against our own toy of the same formula, and against plain sums."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from focus_core.config import Scalar, TrialConfig
from focus_core.errors import UserError
from focus_core.outside.framed import Framed
from focus_core.systems import SYSTEMS
from focus_core.tools.decoding import Decoder, why_not
from focus_core.tools.probe import probe
from focus_core.training.causality import causality_leak
from focus_core.training.limits import LEAK_TOLERANCE
from focus_core.training.network import build_model
from focus_core.training.start import init_weights
from tests.focus_core.outside_nets import LENGTH, net_of, tokens
from tests.plugin_files import DECODER, LEAKY, MIXER, given
from tests.toys.decay import DECAY

DRAWS = MIXER.replace("nn.Linear(width, width)", "nn.Conv1d(width, width, 1)").replace(
    "self.out(weights.tril() @ x)", "self.out((weights.tril() @ x).mT).mT"
)
"""Its only weights are of a kind that our rules of initial values do not know."""


def test_it_computes_what_our_toy_of_the_same_formula_computes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with given(MIXER):
        theirs = net_of(remains=0.75)
    monkeypatch.setitem(SYSTEMS, "decay", DECAY)
    ours = net_of(remains=0.75)
    named = {name.replace("mixer.inner.", "mixer."): p for name, p in theirs.state_dict().items()}
    ours.load_state_dict(named)
    assert torch.allclose(ours(tokens()), theirs(tokens()), atol=1e-6)
    other = net_of(remains=0.5)  # negative control: the option reaches the layer
    other.load_state_dict(named)
    assert not torch.allclose(other(tokens()), theirs(tokens()), atol=1e-3)


def test_the_frame_is_norm_before_and_sum_after() -> None:
    with given(MIXER):
        mixer: Any = next(m for m in net_of(remains=0.5).modules() if isinstance(m, Framed))
    x_BLD = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(2))
    normed = torch.nn.functional.layer_norm(x_BLD, (8,))
    mixed = torch.zeros_like(x_BLD)
    for now in range(5):
        for past in range(now + 1):
            mixed[:, now] += 0.5 ** (now - past) * normed[:, past]
    expected = x_BLD + mixed @ mixer.inner.out.weight.T + mixer.inner.out.bias
    assert torch.allclose(mixer(x_BLD, None), expected, atol=1e-5)


def test_the_seed_decides_what_the_constructor_draws() -> None:
    with given(DRAWS):
        one, again, other = (net_of() for _ in range(3))
        for net, seed in ((one, 5), (again, 5), (other, 6)):
            torch.manual_seed(torch.seed() % 1000)  # whatever happened before
            init_weights(net, seed)
    key = "blocks.0.mixer.inner.out.weight"
    assert torch.equal(one.state_dict()[key], again.state_dict()[key])
    assert not torch.equal(one.state_dict()[key], other.state_dict()[key])
    bound = 8**-0.5  # what torch's own constructor of a convolution draws from
    assert 0.5 * bound < one.state_dict()[key].abs().max() <= bound


def test_a_random_buffer_is_the_seeds_too_and_the_rest_starts_as_everywhere() -> None:
    source = MIXER.replace(
        "super().__init__()",
        "super().__init__()\n        self.register_buffer('noise', torch.randn(width))",
    )
    with given(source):
        one, other = net_of(), net_of()
        state = torch.get_rng_state()
        init_weights(one, 3)
        assert torch.equal(state, torch.get_rng_state())
        init_weights(other, 3)
    plain = net_of("short_conv")
    init_weights(plain, 3)
    noises = [dict(net.named_buffers())["blocks.0.mixer.inner.noise"] for net in (one, other)]
    assert torch.equal(*noises)
    for name in ("embedding.weight", "head.weight", "blocks.0.feed_forward.hidden.weight"):
        assert torch.equal(one.state_dict()[name], plain.state_dict()[name])


def test_steps_agree_with_the_whole_sequence() -> None:
    with given(DECODER):
        net = net_of(remains=0.75).eval()
        decoder = Decoder(net)
        state, steps = decoder.initial_state(3), []
        for tokens_B in tokens().T:
            logits, state = decoder.step(tokens_B, state)
            steps.append(logits)
    assert torch.allclose(torch.stack(steps, dim=1), net(tokens()), atol=1e-5)


def test_the_absence_of_a_step_is_said() -> None:
    with given(MIXER):
        net = net_of()
    assert why_not(net) == "decay has no step: write initial_state(batch) and step"
    with pytest.raises(UserError, match="has no decoding step: decay has no step"):
        Decoder(net)


def test_it_is_probed_for_causality() -> None:
    with given(MIXER) as plugins:
        probe(plugins)
        assert causality_leak(net_of(), 4, LENGTH, seed=0) < 1e-12
    with given(LEAKY) as plugins:  # negative control
        assert causality_leak(net_of(), 4, LENGTH, seed=0) > LEAK_TOLERANCE
        with pytest.raises(UserError, match=r"file0.py: decay: it sees the future: .* leaks = "):
            probe(plugins)


@pytest.mark.parametrize(
    ("mixed", "said"),
    [
        ("x + torch.rand_like(x)", "two evaluations of the same sequences differ"),
        ("x + x.mean(0)", "depend on the others in its batch"),
        ("nn.functional.dropout(x, 0.5, self.training)", None),  # negative control
    ],
)
def test_an_evaluation_is_of_one_sequence_without_chance(mixed: str, said: str | None) -> None:
    with given(MIXER.replace("weights.tril() @ x", f"weights.tril() @ ({mixed})")) as plugins:
        if said is None:
            probe(plugins)
        else:
            with pytest.raises(UserError, match=said):
                probe(plugins)


def test_a_leak_that_is_declared_is_studied_as_ours_are() -> None:
    source = LEAKY.replace("    ranges", '    leaks = "every token is averaged"\n    ranges')
    with given(source) as plugins:
        probe(plugins)
        with pytest.raises(UserError, match=r"sees the future: study it with model.mode=paper"):
            net_of()
        net = net_of(mode="paper")
        assert not net.config.promises_causality()
        assert net.config.mode == "paper"
        assert "what comes later is needed" in why_not(net)


def test_it_is_copied_and_runs_from_end_to_start() -> None:
    changes: dict[str, Scalar] = {"task.name": "digits", "task.eval_sequences": 8}
    changes |= {"task.test_sequences": 8}
    with given(MIXER):
        net = copy.deepcopy(net_of())
        assert torch.equal(net(tokens()), net_of()(tokens()))
        model = (
            TrialConfig()
            .override(
                {"model.mixer": "decay", "task.length": 64, "model.bidirectional": True, **changes}
            )
            .resolved_model()
        )
        both = build_model(model, vocab_size=None, num_outputs=10, max_length=LENGTH)
        assert both(torch.randn(2, LENGTH)).shape == (2, LENGTH, 10)


def test_it_is_registered_inside_the_context_alone() -> None:
    before = dict(SYSTEMS)
    with given(MIXER):
        assert SYSTEMS.keys() - before.keys() == {"decay"}
        with given(MIXER):  # a worker in the launcher's process
            net_of()
        net_of()
    assert before == SYSTEMS
    with pytest.raises(UserError, match=r"unknown model.mixer 'decay'"):
        net_of()
