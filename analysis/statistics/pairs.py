"""Pairs of levels with simultaneous intervals, on a balanced grid and in a mixed model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from analysis.statistics.mixed import Contrasts, TrialEffect, contrasts

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One level minus another; None where the sweep cannot separate them.

    Attributes:
        first: number of the level.
        second: number of the level that is taken away.
        difference: of their means.
        low: of a 95 % interval that holds for all pairs of the axis at once.
        high: its other end.
        p_holm: corrected over the pairs of the axis.
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
    """Differences of levels seed by seed, with Bonferroni's t intervals.

    Args:
        table: (levels, seeds).
        weights: each row summing to 0, (contrasts, levels).
        family: how many intervals must hold at once.
        floor: the least variance of a score.
    """
    by_seed = weights @ table  # (contrasts, seeds)
    seeds = table.shape[1]
    estimate = by_seed.mean(axis=1)
    least = floor * np.sum(weights**2, axis=1)
    error = np.sqrt(np.maximum(by_seed.var(axis=1, ddof=1), least) / seeds)
    reach = stats.t.isf(0.025 / max(1, family), seeds - 1) * error
    known = error > 1e-12 * np.max(np.abs(table), initial=0.0)
    size = np.where(known, np.abs(estimate) / np.where(known, error, 1.0), 0.0)
    reach = np.where(known, reach, np.inf)  # no spread, no floor: there is nothing to go by
    return Contrasts(
        estimate=estimate,
        low=estimate - reach,
        high=estimate + reach,
        p=2 * stats.t.sf(size, seeds - 1),
    )


def against_average(levels: int) -> Floats:
    """Weights of each level minus the average of all, (levels, levels)."""
    weights: Floats = np.eye(levels) - 1 / levels
    return weights


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's step-down correction, in the order given (Holm 1979, Scand. J. Statistics 6)."""
    p = np.asarray(p_values, dtype=float)
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1.0, p[order] * np.arange(len(p), 0, -1))
    corrected = np.empty(len(p))
    corrected[order] = np.maximum.accumulate(steps)
    return [float(value) for value in corrected]


def _every_pair(levels: int) -> Floats:
    first, second = np.triu_indices(levels, 1)
    weights = np.zeros((len(first), levels))
    weights[np.arange(len(first)), second] = 1.0
    weights[np.arange(len(first)), first] = -1.0
    return weights


def _pairs(weights: Floats, found: Contrasts) -> list[Pair]:
    known = [int(i) for i in np.flatnonzero(np.isfinite(found.estimate))]
    corrected = dict(zip(known, holm(found.p[known]), strict=True))
    return [
        Pair(
            first=int(np.argmax(row)),
            second=int(np.argmin(row)),
            difference=_known(found.estimate[i]),
            low=_known(found.low[i]),
            high=_known(found.high[i]),
            p_holm=corrected.get(i),
        )
        for i, row in enumerate(weights)
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
