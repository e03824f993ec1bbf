"""The distribution of the largest t statistic of many arms against one control.

All statistics share the noise of the control: with equal noise, any two have correlation one half.
A noisier control makes the correlation larger and the tail probability smaller, so one half is
conservative there.

Dunnett 1955, "A multiple comparison procedure for comparing several treatments with a control",
J. Amer. Statist. Assoc. 50.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

SMALLEST_DF = 1.0
_NODES = 17  # nodes of the table over degrees of freedom
_ROWS = 400  # statistics whose integrals are computed at once


def critical(level: float, df: Floats, comparisons: int, *, sided: int = 2) -> Floats:
    """The value that the largest of the t statistics exceeds with probability ``level``.

    Args:
        level: error probability, such as 0.05.
        df: degrees of freedom of each statistic, at least 1.
        comparisons: number of statistics.
        sided: 2 for the largest absolute value, 1 for the largest value.
    """
    place = 2 / np.sqrt(np.maximum(df, SMALLEST_DF)) - 1  # 1 for one degree, -1 for infinitely many
    values: Floats = np.exp(_table(level, comparisons, sided)(place))
    return values


def tail(t: Floats, df: Floats, comparisons: NDArray[np.int64] | int) -> Floats:
    """Probability that the largest absolute value of several t statistics reaches ``t``.

    Args:
        t: absolute t statistics.
        df: degrees of freedom of each statistic.
        comparisons: number of statistics that compete; one for each statistic, or one for all.
    """
    t, df, many = np.broadcast_arrays(t, np.maximum(df, SMALLEST_DF), comparisons)
    chance = np.empty(t.shape)
    for at in range(0, len(t), _ROWS):
        rows = slice(at, at + _ROWS)
        chance[rows] = 1 - _below(t[rows], _scales(df[rows]), many[rows], 2)
    return np.clip(chance, 0.0, 1.0)


@cache
def _table(level: float, comparisons: int, sided: int) -> Chebyshev:
    """Logarithm of the critical value as a function of ``2 / sqrt(df) - 1``."""
    angle = np.pi * (np.arange(_NODES) + 0.5) / _NODES
    place = np.cos(angle)
    df = np.minimum(4 / (place + 1) ** 2, 1e7)
    scales, many = _scales(df), np.full(_NODES, comparisons)
    low, high = np.full(_NODES, -4.0), np.full(_NODES, 20.0)
    for _ in range(36):
        middle = (low + high) / 2
        is_enough = _below(np.exp(middle), scales, many, sided) >= 1 - level
        low, high = np.where(is_enough, low, middle), np.where(is_enough, middle, high)
    return Chebyshev.fit(place, (low + high) / 2, _NODES - 1, domain=[-1, 1])


def _below(t: Floats, scales: Floats, comparisons: NDArray[np.int64], sided: int) -> Floats:
    """Probability that all statistics stay below ``t``: an integral over noise and scale."""
    _, scale_weights, noise, noise_weights = _quadrature()
    reach = np.sqrt(2) * t[:, None, None] * scales[:, :, None]
    inside = special.ndtr(reach + noise)
    if sided == 2:
        inside = inside - special.ndtr(noise - reach)
    together = inside ** comparisons[:, None, None]
    below: Floats = (together @ noise_weights) @ scale_weights
    return below


def _scales(df: Floats) -> Floats:
    """Quantiles of the ratio of estimated to true standard deviation, (df, quantiles)."""
    known, where = np.unique(df, return_inverse=True)
    half = known[:, None] / 2
    scales: Floats = np.sqrt(special.gammaincinv(half, _quadrature()[0]) / half)
    return scales[where]


@cache
def _quadrature() -> tuple[Floats, Floats, Floats, Floats]:
    """Nodes, each with weights: quantiles of the scale, dense where small; normal values."""
    x, weights = np.polynomial.legendre.leggauss(32)
    v = (x + 1) / 2
    noise, noise_weights = np.polynomial.hermite_e.hermegauss(32)
    return v**4, 2 * v**3 * weights, noise, noise_weights / noise_weights.sum()
