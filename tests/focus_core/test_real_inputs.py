"""Networks of real numbers, and the read-out that is a mean over time."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from focus_core.config import TrialConfig
from focus_core.layers.embedding import RealEncoder
from focus_core.systems.focus.views.numbers import pole_radii
from focus_core.training import causality
from focus_core.training.causality import causality_leak
from focus_core.training.network import SequenceModel, build_model
from focus_core.training.replicate import Replicate
from focus_core.training.start import init_weights
from search_spaces.variants import VARIANTS
from tests.focus_core.causality import LENGTH, VOCABULARY, small_config, small_net
from tests.focus_core.inside import mixer_of
from tests.narrowing import kind

CPU = torch.device("cpu")
Readout = Literal["each", "mean"]


def real_net(variant: str = "base", readout: Readout = "mean") -> SequenceModel:
    net = build_model(
        small_config(variant),
        vocab_size=None,
        num_outputs=3,
        max_length=LENGTH,
        readout=readout,
    )
    init_weights(net, 0)
    return net.eval()


def values(batch: int = 2) -> torch.Tensor:
    return torch.randn(batch, LENGTH, generator=torch.Generator().manual_seed(0))


def test_a_number_is_embedded_as_itself_times_a_vector_plus_another() -> None:
    encoder = RealEncoder(8)
    x = values()
    expected = torch.einsum("bl,d->bld", x, encoder.weight[:, 0]) + encoder.bias
    torch.testing.assert_close(encoder(x), expected)


def test_the_network_sees_how_large_a_number_is() -> None:
    """A layer norm forgets the length of its vector: without a bias, 1 and 2 would look alike."""
    net = real_net()
    normed = [mixer_of(net).norm(net.embedding(torch.full((1, 1), v))) for v in (1.0, 2.0)]
    assert (normed[0] - normed[1]).abs().max() > 0.05
    with torch.no_grad():
        kind(RealEncoder, net.embedding).bias.zero_()
    normed = [mixer_of(net).norm(net.embedding(torch.full((1, 1), v))) for v in (1.0, 2.0)]
    assert (normed[0] - normed[1]).abs().max() < 1e-4  # control


def test_the_mean_read_out_is_the_head_of_the_mean() -> None:
    mean, each = real_net(), real_net(readout="each")
    x = values()
    hidden = []
    each.norm.register_forward_hook(lambda module, args, out: hidden.append(out))
    logits = each(x)
    assert logits.shape == (2, LENGTH, 3)
    assert mean(x).shape == (2, 1, 3)
    torch.testing.assert_close(mean(x), each.head(hidden[0].mean(dim=1, keepdim=True)))
    assert torch.equal(mean.each_position(x), logits)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_leak_is_told_before_the_mean(name: str) -> None:
    leak = causality_leak(real_net(name), None, LENGTH, seed=0)
    assert leak < 1e-5 if VARIANTS[name].causal else leak > 1e-4


def test_a_long_sequence_is_probed_in_parts_with_the_same_result(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = small_net(small_config("literal"))
    whole = causality_leak(net, VOCABULARY, LENGTH, seed=0)
    monkeypatch.setattr(causality, "PROBE_TOKENS", 2 * LENGTH)
    rows = []
    net.embedding.register_forward_hook(lambda module, args, out: rows.append(len(out)))
    assert causality_leak(net, VOCABULARY, LENGTH, seed=0) == pytest.approx(whole, rel=1e-9)
    assert set(rows) == {2}
    assert len(rows) > 5


def test_poles_of_a_network_of_real_numbers() -> None:
    largest, median = list(pole_radii(real_net(), values()).values())[:2]
    assert 0 < median <= largest < 1


@pytest.mark.parametrize("readout", ["mean", "last"])
def test_tones_are_learned(readout: str) -> None:
    """Two tones far apart, in a few seconds: far above the 0.5 of a guess."""
    trial = TrialConfig().override(
        {
            "task.name": "noisy_tones",
            "task.classes": 2,
            "task.readout": readout,
            "task.eval_sequences": 200,
            "task.test_sequences": 10,
            "model.width": 32,
            "model.layers": 1,
            "model.chunk_length": 64,
            "model.carry": True,  # the last position must hear the whole tone
            "train.steps": 60,
            "train.learning_rate": 1e-2,
        }
    )
    replicate = Replicate(trial, 0, CPU)
    before = replicate.evaluate(final=False)["value"]
    for step in range(1, 61):
        replicate.train_step(step)
    after = replicate.evaluate(final=False)["value"]
    assert abs(before - 0.5) < 0.2
    assert after > 0.8
