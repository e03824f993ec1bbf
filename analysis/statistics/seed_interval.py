"""The mean of one arm over its seeds, with Student's interval.

With 3 to 5 seeds a bootstrap of the mean covers far less than it says
(tests/analysis/test_seed_interval.py measures it). Seeds may agree by chance, so no interval is
narrower than the resolution of its test set.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.statistics.tails import t_quantile

LEVEL = 0.95
Z = float(special.ndtri((1 + LEVEL) / 2))

Bounds = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Interval:
    """A mean over ``n`` seeds with its 95 % interval; one seed alone has none (``None``)."""

    mean: float
    low: float | None
    high: float | None
    n: int


def mean_interval(
    values: Sequence[float], *, bounds: Bounds | None = None, sequences: int | None = None
) -> Interval | None:
    """Mean and 95 % t interval over seeds; None for no values.

    Args:
        values: one number per seed, all finite.
        bounds: the metric's range; the interval is clipped to it.
        sequences: number of test sequences behind a seed's accuracy; the interval is at least as
            wide as their binomial error. None for numbers that are not an accuracy.
    """
    n = len(values)
    if n == 0:
        return None
    mean = math.fsum(values) / n
    if n == 1:
        return Interval(mean=mean, low=None, high=None, n=1)
    error = float(np.std(values, ddof=1)) / math.sqrt(n)
    half = float(t_quantile((1 + LEVEL) / 2, n - 1)) * error
    half = max(half, resolution(mean * (1 - mean), sequences and sequences * n))
    low, high = bounds or (-math.inf, math.inf)
    return Interval(mean=mean, low=max(low, mean - half), high=min(high, mean + half), n=n)


def resolution(rate: float, sequences: int | None) -> float:
    """Half width of the 95 % interval from ``sequences`` alone (Wilson: z² / n at a rate of 0).

    Args:
        rate: the variance that one sequence adds.
        sequences: number of sequences; None or 0 for a number that is not a count gives 0.
    """
    if not sequences:
        return 0.0
    return Z * math.sqrt(sequences * max(rate, 0.0) + Z**2) / sequences
