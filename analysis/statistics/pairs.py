"""Pairs of levels with simultaneous intervals, on a balanced grid and in a mixed model."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.correction import holm
from analysis.statistics.mixed import Contrasts, TrialEffect, contrasts
from analysis.statistics.repeated import sphericity
from analysis.statistics.tails import t_above, t_quantile

NEARLY = 0.95

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One level minus another; None where the sweep cannot separate them.

    Attributes:
        first: number of the level.
        second: number of the level that is subtracted.
        difference: difference of the two means.
        low: lower end of a 95 % interval that is simultaneous over all pairs of the axis.
        high: upper end of the interval.
        p_holm: p-value, Holm-corrected over the pairs of the axis.
    """

    first: int
    second: int
    difference: float | None
    low: float | None
    high: float | None
    p_holm: float | None

    @property
    def apart(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


def grid_pairs(table: Floats, *, floor: float = 0.0) -> list[Pair]:
    """Every pair of levels of a balanced grid.

    Args:
        table: (levels, seeds), three seeds or more.
        floor: the least variance of a score.
    """
    weights = _every_pair(len(table))
    return _pairs(weights, grid_contrasts(table, weights, family=len(weights), floor=floor))


def model_pairs(effect: TrialEffect) -> list[Pair]:
    """Every pair of levels of a mixed model."""
    weights = _every_pair(len(effect.means))
    return _pairs(weights, contrasts(effect, weights, family=len(weights)))


def grid_contrasts(table: Floats, weights: Floats, *, family: int, floor: float = 0.0) -> Contrasts:
    """Differences of levels of a balanced grid, with Bonferroni's t intervals.

    Three or more levels pool their noise. A level that is noisier than the pool uses its own
    variance, with its own degrees of freedom (Satterthwaite). The variance of a difference is never
    below its sample variance over seeds.

    Args:
        table: (levels, seeds).
        weights: weights of the levels; each row sums to 0, (contrasts, levels).
        family: number of intervals that must hold simultaneously.
        floor: the least variance of a score.
    """
    seeds = table.shape[1]
    by_seed = weights @ table  # (contrasts, seeds)
    estimate = by_seed.mean(axis=1)
    seen = np.maximum(by_seed.var(axis=1, ddof=1), floor * np.sum(weights**2, axis=1))
    lent, degrees = _lent(table, weights, floor)
    alone = seen > NEARLY * lent
    variance = np.where(alone, np.maximum(seen, lent), lent)
    degrees = np.where(alone, seeds - 1, degrees)
    error = np.sqrt(variance / seeds)
    known = error > 1e-12 * np.max(np.abs(table), initial=0.0)
    size = np.where(known, np.abs(estimate) / np.where(known, error, 1.0), 0.0)
    # without spread and without floor no noise is known
    reach = np.where(known, -t_quantile(0.025 / max(1, family), degrees) * error, np.inf)
    return Contrasts(
        estimate=estimate,
        low=estimate - reach,
        high=estimate + reach,
        p=2 * t_above(size, degrees),
    )


def _lent(table: Floats, weights: Floats, floor: float) -> tuple[Floats, Floats]:
    """Variance of one seed's difference by the noise of all levels, and its degrees of freedom."""
    levels, seeds = table.shape
    if levels < 3:  # two levels: only the noise of their difference is seen
        return np.zeros(len(weights)), np.ones(len(weights))
    residual = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0) + table.mean()
    df = (levels - 1) * (seeds - 1)
    pool = max(float(np.sum(residual**2)) / df, floor)
    own = np.sum(residual**2, axis=1) * levels / df
    noisy = own > pool
    mine, shared = weights**2 * np.where(noisy, own, 0.0), weights**2 @ np.where(noisy, 0.0, pool)
    variance = mine.sum(axis=1) + shared
    count = np.sum(mine**2, axis=1) / (seeds - 1)
    count += shared**2 / (df * sphericity(residual, levels - 1))
    degrees = np.where(count > 0, variance**2 / np.where(count > 0, count, 1.0), 1.0)
    return variance, np.maximum(degrees, 1.0)


def against_average(levels: int) -> Floats:
    """Weights of each level minus the average of all, (levels, levels)."""
    weights: Floats = np.eye(levels) - 1 / levels
    return weights


def _every_pair(levels: int) -> Floats:
    first, second = np.triu_indices(levels, 1)
    weights = np.zeros((len(first), levels))
    weights[np.arange(len(first)), second] = 1.0
    weights[np.arange(len(first)), first] = -1.0
    return weights


def _pairs(weights: Floats, found: Contrasts) -> list[Pair]:
    known = [int(i) for i in np.flatnonzero(np.isfinite(found.estimate))]
    corrected = dict(zip(known, holm(list(found.p[known])), strict=True))
    ends = zip(weights.argmax(axis=1).tolist(), weights.argmin(axis=1).tolist(), strict=True)
    return [
        Pair(
            first=first,
            second=second,
            difference=_known(found.estimate[i]),
            low=_known(found.low[i]),
            high=_known(found.high[i]),
            p_holm=corrected.get(i),
        )
        for i, (first, second) in enumerate(ends)
    ]


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
