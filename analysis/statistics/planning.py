"""How many seeds would decide the comparisons that are still open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.statistics.against import MIN_SEEDS
from analysis.statistics.dunnett import critical
from analysis.statistics.spending import AGAINST_REFERENCE, level_at

MOST_SEEDS = 300
"""More seeds than this are not proposed."""
POWER = 0.8
"""Required probability of a decision: four of five tries."""
_NOISES = (np.arange(32) + 0.5) / 32
"""Probabilities at which quantiles of the true noise are taken."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Total seeds that decide one comparison in four of five tries; None where more than 300.

    Attributes:
        apart: seeds until the interval excludes 0, if the true difference is as observed.
        alike: seeds until the interval lies within the margin, if the true difference is as
            observed.
    """

    apart: int | None
    alike: int | None

    @property
    def fewest(self) -> int | None:
        """The smaller of both; None where both are None."""
        return min((n for n in (self.apart, self.alike) if n is not None), default=None)


def seeds_wanted(
    difference: float,
    *,
    variance: float,
    df: float,
    seeds: int,
    comparisons: int,
    look: int,
    margin: float | None,
) -> Wanted:
    """The seeds for one comparison, by the current noise estimate of the pool.

    The noise is only estimated, so the power is averaged over the values that the true noise may
    have. This average is called assurance (O'Hagan, Stevens, Campbell 2005, Pharmaceut.
    Statist. 4).

    Args:
        difference: the observed difference.
        variance: guarded variance of one seed's difference.
        df: current degrees of freedom of the variance; they grow with the seeds.
        seeds: number of seeds that the two arms share now.
        comparisons: number of comparisons in the family.
        look: number of the look at which the comparison would be decided.
        margin: margin of equivalence; None where equivalence is not asked for.
    """
    if seeds < 2 or variance <= 0 or not np.isfinite(difference):
        return Wanted(apart=None, alike=None)
    n = np.arange(max(seeds + 1, MIN_SEEDS), MOST_SEEDS + 1)
    noisier = df / special.chdtri(df, _NOISES)[:, None]  # true / estimated, (quantiles, 1)
    error = np.sqrt(variance * noisier / n)  # (quantiles, n)
    level = level_at(look) * AGAINST_REFERENCE
    half = critical(level, df * (n - 1) / (seeds - 1), comparisons) * error
    size = abs(difference)
    room = (0.0 if margin is None else margin) - half
    alike = special.ndtr((room - size) / error) - special.ndtr((-room - size) / error)
    apart = special.ndtr((size - half) / error)
    return Wanted(apart=_first(n, apart), alike=_first(n, alike))


def _first(n: NDArray[np.int64], decided: NDArray[np.float64]) -> int | None:
    is_enough = decided.mean(axis=0) >= POWER
    return int(n[np.argmax(is_enough)]) if is_enough.any() else None
