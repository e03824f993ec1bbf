"""Impulse responses against scipy, memory and gain against closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy.signal import lfilter
from torch import Tensor

from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.views.responses import (
    filter_numbers,
    gains,
    impulse_responses,
    memory,
    peak_gains,
)
from focus_core.training.network import SequenceModel
from search_spaces.variants import VARIANTS
from tests.focus_core.causality import LENGTH, VOCABULARY, small_config, small_net
from tests.focus_core.inside import mixer_of

TOKENS = torch.arange(2 * LENGTH).view(2, LENGTH) % VOCABULARY
R = 6  # of small_config


def coefficients(net: SequenceModel, layer: int, name: str = "base") -> Tensor:
    """a of every bin of the first sequence, computed as the network's forward does."""
    mixer = mixer_of(net, layer)
    kept: list[Tensor] = []
    handle = mixer.filter.logits.register_forward_hook(lambda _m, _i, s: kept.append(s))
    net(TOKENS[:1])
    handle.remove()
    return torch.sigmoid(kept[0][0])  # (N, D, F, P)


@pytest.mark.parametrize("layer", [0, 1])
def test_each_bins_response_is_scipys_and_ends_with_the_bin(layer: int) -> None:
    net = small_net(small_config("base"))
    h_NSD = impulse_responses(net, TOKENS, steps=12)[layer].numpy()
    a_NDFP = coefficients(net, layer).detach().numpy()
    assert len(h_NSD) == LENGTH // R
    for n in range(len(h_NSD)):
        for d in (0, 3):
            expected = lfilter([1], [1, *a_NDFP[n, d, 0]], np.eye(1, R)[0])
            np.testing.assert_allclose(h_NSD[n, :R, d], expected, atol=1e-12)
    assert np.all(h_NSD[:, R:] == 0)  # the state is reset


def test_a_carried_state_rings_on() -> None:
    h_NSD = impulse_responses(small_net(small_config("carry")), TOKENS, steps=12)[0]
    assert (h_NSD[:, R:].abs() > 0).any()


@pytest.mark.parametrize("name", VARIANTS)
def test_every_network_has_finite_numbers_or_none(name: str) -> None:
    net = small_net(small_config(name)).train()
    found = filter_numbers(net, TOKENS)
    assert all(math.isfinite(value) for value in found.values())
    assert net.training
    assert not any(module._forward_hooks for module in net.modules())
    filters = isinstance(net.config, FocusConfig) and net.config.filter != "none"
    assert bool(found) == filters
    if filters:
        assert 1 <= found["effective_memory"] <= LENGTH


def test_the_peak_gain_is_that_of_the_closed_form() -> None:
    a1, a2 = 0.9, 0.95
    h_S = torch.tensor(lfilter([1], [1, a1, a2], np.eye(1, 512)[0]))
    expected = 1 / ((1 - a2) * math.sqrt(1 - a1**2 / (4 * a2)))
    assert float(gains(h_S[None, :, None]).max()) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("radius", [0.9, 0.99, 0.999])
def test_a_narrow_peak_is_found_between_the_points_of_a_drawing(radius: float) -> None:
    """Of 512 steps: against a transform 64 times as fine; what is drawn misses up to a third."""
    angles = np.linspace(0.3, 2.8, 37)
    polynomials = [[1, -2 * radius * math.cos(w), radius**2] for w in angles]
    h_DS = np.array([lfilter([1], a, np.eye(1, 512)[0]) for a in polynomials])
    expected = np.abs(np.fft.rfft(h_DS, n=64 * 512)).max(axis=1)
    for d in range(len(angles)):
        found = peak_gains(torch.tensor(h_DS[d])[None, :, None])
        np.testing.assert_allclose(found, expected[d], rtol=0.01)
    drawn = gains(torch.tensor(h_DS.T)[None]).amax(dim=1)[0]
    missed = float((drawn / torch.tensor(expected)).min())  # control
    assert (missed < 0.9) == (radius > 0.95)


@pytest.mark.parametrize("radius", [0.5, 0.9, 0.97])
def test_memory_is_that_of_a_decay(radius: float) -> None:
    h_S = torch.tensor(radius) ** torch.arange(400)
    expected = math.floor(math.log(0.01) / math.log(radius)) + 1
    assert abs(int(memory(h_S[None, :, None])) - expected) <= 1
    assert int(memory(torch.zeros(1, 5, 1))) == 0


def test_numbers_by_bin_stand_for_adaptive_filters_only() -> None:
    by_bin = [key for key in filter_numbers(small_net(small_config()), TOKENS) if ".bin" in key]
    assert by_bin == [f"peak_gain.bin{n}" for n in range(LENGTH // R)]
    static = filter_numbers(small_net(small_config("focus_h")), TOKENS)
    assert not [key for key in static if ".bin" in key]
