"""Pieces that several papers share, in plain numpy, one sequence (L, D) at a time.

Nothing here or beside it imports torch or the code under test: the formulas are the papers'.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy import special

from tests.focus_core.arrays import Bools, Floats

Weights = Mapping[str, Floats]
Options = Mapping[str, Any]

ROTARY_BASE = 10000.0  # Su et al. 2021
WAVE_BASE = 10000.0  # Vaswani et al. 2017
NORM_EPSILON = 1e-5


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def silu(x: Floats) -> Floats:
    return x * sigmoid(x)


def gelu(x: Floats) -> Floats:
    return np.asarray(x * 0.5 * (1 + special.erf(x / np.sqrt(2))))


def norm(x: Floats, p: Weights, name: str = "norm") -> Floats:
    """Ba et al. 2016."""
    centred = x - x.mean(-1, keepdims=True)
    size = np.sqrt((centred**2).mean(-1, keepdims=True) + NORM_EPSILON)
    return np.asarray(centred / size * p[f"{name}.weight"] + p[f"{name}.bias"])


def linear(x: Floats, p: Weights, name: str) -> Floats:
    y = x @ p[f"{name}.weight"].T
    return y + p[f"{name}.bias"] if f"{name}.bias" in p else y


def turned(x: Floats, start: int = 0) -> Floats:
    """Rotary positions: pair i of step t turns by t / base^(2 i / Z)."""
    length, width = x.shape
    y = np.empty_like(x)
    for i in range(width // 2):
        angle = (start + np.arange(length)) * ROTARY_BASE ** (-2 * i / width)
        one, other = x[:, 2 * i], x[:, 2 * i + 1]
        y[:, 2 * i] = one * np.cos(angle) - other * np.sin(angle)
        y[:, 2 * i + 1] = one * np.sin(angle) + other * np.cos(angle)
    return y


def attend(score: Floats, value: Floats, seen: Bools) -> Floats:
    """softmax over the keys that ``seen`` (L, L) shows, times values."""
    score = np.where(seen, score, -np.inf)
    weight = np.exp(score - score.max(-1, keepdims=True))
    return np.asarray(weight / weight.sum(-1, keepdims=True) @ value)


def before(length: int) -> Bools:
    """seen[t, s]: s is not after t."""
    return np.arange(length)[:, None] >= np.arange(length)


def chunks(length: int, size: int) -> Bools:
    """seen[t, s]: before, and in the same chunk."""
    part = np.arange(length) // size
    return np.asarray(before(length) & (part[:, None] == part))


def window(length: int, size: int) -> Bools:
    """seen[t, s]: s is one of the last ``size`` steps up to t."""
    return before(length) & (np.arange(length)[:, None] - np.arange(length) < size)


def convolved(x: Floats, taps: Floats) -> Floats:
    """y[t] = sum_s taps[s] x[t - s], written as a sum; taps (J, D), x (L, D)."""
    y = np.zeros_like(x)
    for s in range(min(len(taps), len(x))):
        y[s:] += taps[s] * x[: len(x) - s]
    return y


def short_conv(x: Floats, p: Weights, name: str) -> Floats:
    """A few taps of every channel, and a bias."""
    return convolved(x, p[f"{name}.taps_DJ"].T) + p[f"{name}.bias_D"]


def averaged(x: Floats, p: Weights, name: str) -> Floats:
    """Mega's damped moving averages (Ma et al. 2023, Eq. 5 to 8), then its omega and SiLU."""
    keep = sigmoid(p[f"{name}.delta_DS"])
    fall = 1 - keep * sigmoid(p[f"{name}.alpha_DS"])
    state, rows = np.zeros_like(fall), []
    for x_t in x:
        state = fall * state + keep * p[f"{name}.beta_DS"] * x_t[:, None]
        rows.append((p[f"{name}.gamma_DS"] * state).sum(-1) / np.sqrt(state.shape[1]))
    return silu(np.array(rows) + p[f"{name}.omega_D"] * x)
