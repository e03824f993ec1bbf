"""What Figures 2 and 4 show, against scipy's filters and a Fourier sum written out."""

import json
from typing import Any

import numpy as np
import pytest
import torch
from scipy.signal import freqz, lfilter
from torch import Tensor

from focus_core.config import Scalar, TrialConfig
from focus_core.systems.focus.views.filter_views import filter_views, random_channels
from focus_core.training.network import SequenceModel, build_model
from tests.focus_core.arrays import Floats, Numbers
from tests.focus_core.causality import LENGTH, VOCABULARY, small_config, small_net
from tests.focus_core.inside import mixer_of

LONG = 600
R = 6  # of small_config
CHANNELS = [1, 4]


def tokens(length: int = LENGTH) -> Tensor:
    return (torch.arange(2 * length) ** 2 % VOCABULARY).view(2, length)


def look(net: SequenceModel, length: int = LENGTH, key: int | None = None) -> list[dict[str, Any]]:
    return filter_views(net, tokens(length), channels=CHANNELS, key=key)


def coefficients(net: SequenceModel, layer: int, length: int) -> Floats:
    """a of every bin of the first sequence, computed as the network's forward does."""
    kept: list[Tensor] = []
    logits = mixer_of(net, layer).filter.logits
    handle = logits.register_forward_hook(lambda _m, _i, s: kept.append(s))
    net(tokens(length)[:1])
    handle.remove()
    found: Floats = torch.sigmoid(kept[0][0]).detach().numpy()
    return found[:, :, 0]  # (N, D, P)


def decibels(gain: Numbers) -> Floats:
    return np.asarray(20 * np.log10(np.abs(gain)))


@pytest.mark.parametrize("layer", [0, 1])
def test_a_carried_filters_gain_is_scipys(layer: int) -> None:
    net = small_net(small_config("carry"), max_length=LONG)
    view = look(net, LONG)[layer]
    a_NDP = coefficients(net, layer, LONG)
    assert len(view["places"]) == 16
    a_NDP = a_NDP[view["places"]]
    w_K = np.linspace(0, np.pi, 257)
    H_NDK = [[freqz([1], [1, *a_P], worN=w_K)[1] for a_P in a_DP] for a_DP in a_NDP]
    shown = np.array(view["channel_db"])  # (channels, N, K)
    for at, channel in enumerate(CHANNELS):
        expected_NK = decibels(np.array(H_NDK)[:, channel])
        np.testing.assert_allclose(shown[at], expected_NK, atol=0.01)
    mean_NK = decibels(np.abs(H_NDK).mean(axis=1))
    np.testing.assert_allclose(view["mean_db"], mean_NK, atol=0.01)
    other = decibels(np.array(H_NDK)[:, CHANNELS[1]])
    assert np.abs(shown[0] - other).max() > 0.1  # negative control: not another channel's


def test_a_reset_filters_response_and_gain_end_with_the_bin() -> None:
    net = small_net(small_config("base"))
    view = look(net)[1]
    a_NDP = coefficients(net, 1, LENGTH)
    turns_KS = np.exp(-1j * np.outer(np.linspace(0, np.pi, 257), np.arange(R)))
    for at, channel in enumerate(CHANNELS):
        for n in range(LENGTH // R):
            h_S = lfilter([1], [1, *a_NDP[n, channel]], np.eye(1, R)[0])
            shown = view["impulse"][at][n]
            np.testing.assert_allclose(shown[:R], h_S, atol=1e-4)
            assert set(shown[R:]) == {0.0}
            np.testing.assert_allclose(
                view["channel_db"][at][n], decibels(turns_KS @ h_S), atol=0.01
            )


@pytest.mark.parametrize("filter_", ["static", "adaptive"])
def test_a_literal_filter_is_seen_although_it_runs_backwards(filter_: str) -> None:
    """It answers before it is asked; turned round, it is the sampled filter's answer."""
    views = [
        look(small_net(small_config(filter=filter_, realisation=how, mode=mode)))[0]
        for how, mode in (("literal", "paper"), ("sampled", "strict"))
    ]
    literal, sampled = (np.array(view["impulse"])[..., :R] for view in views)
    np.testing.assert_allclose(literal, sampled, atol=1e-4)
    assert np.abs(literal[..., 1:]).max() > 0.1


@pytest.mark.parametrize(
    ("variant", "changes", "key", "unit", "important"),
    [
        ("base", {}, 13, "bin", 2),
        ("base", {}, 12, "bin", 2),
        ("base", {}, 11, "bin", 1),
        ("base", {}, None, "bin", None),
        ("base", {"bin_length": 1, "oversampling": 1}, 17, "token", 17),
        ("coupled", {}, 17, "token", 17),
        ("coupled_bins", {}, 13, "bin", 2),
        ("focus_h", {}, 13, "sequence", None),
        ("focus_h_per_bin", {}, 13, "bin", 2),
        ("coupled_static", {}, 13, "sequence", None),
        ("ema", {}, 13, "sequence", None),
    ],
)
def test_the_important_place_holds_the_key(
    variant: str, changes: dict[str, int], key: int | None, unit: str, important: int | None
) -> None:
    net = small_net(small_config(variant, **changes))
    for layer, view in enumerate(look(net, key=key)):
        assert (view["layer"], view["unit"], view["important"]) == (layer, unit, important)
        assert important is None or important in view["places"]
        assert view["places"] == sorted(set(view["places"]))
        assert len(view["mean_db"]) == len(view["places"]) <= 17
        assert np.shape(view["impulse"])[:2] == (2, len(view["places"]))


def test_a_network_without_filters_has_no_views() -> None:
    assert look(small_net(small_config("flash_transformer"))) == []
    assert look(small_net(small_config("no_filter"))) == []


def test_a_bidirectional_layer_has_two() -> None:
    small: dict[str, Scalar] = {"model.width": 8, "task.length": 64, "task.eval_sequences": 8}
    small |= {"task.name": "digits", "task.test_sequences": 8, "model.bidirectional": True}
    trial = TrialConfig().override(small)
    net = build_model(trial.model, vocab_size=None, num_outputs=10, max_length=64, readout="mean")
    views = filter_views(net, torch.randn(1, 64), channels=CHANNELS, key=None)
    ways = [(view["layer"], view["reversed"]) for view in views]
    assert ways == [(0, False), (0, True), (1, False), (1, True)]


def test_what_is_no_number_is_none() -> None:
    net = small_net(small_config("skip"))
    with torch.no_grad():
        mixer_of(net).skip_D.fill_(float("inf"))
    view = look(net)[0]
    assert None in view["impulse"][0][0]
    json.dumps(view, allow_nan=False)


def test_channels_are_drawn_with_the_seed() -> None:
    drawn = {tuple(random_channels(64, 3, seed)) for seed in range(20)}
    assert len(drawn) > 10
    assert all(0 <= a < b < c < 64 for a, b, c in drawn)
    assert random_channels(64, 3, 5) == random_channels(64, 3, 5)
    assert random_channels(2, 3, 0) == [0, 1]
