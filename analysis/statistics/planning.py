"""How many seeds would decide what is open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.statistics.against import MIN_SEEDS
from analysis.statistics.dunnett import critical
from analysis.statistics.spending import AGAINST_REFERENCE, level_at

MOST_SEEDS = 300
"""More are not proposed."""
POWER = 0.8
"""Four of five tries decide."""
_NOISES = (np.arange(32) + 0.5) / 32
"""Quantiles of how noisy the seeds really are."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Seeds in all that decide one comparison in four of five tries; None where more than 300.

    Attributes:
        apart: to exclude 0, if the difference is as observed.
        alike: to lie within the margin, if the difference is as observed.
    """

    apart: int | None
    alike: int | None

    @property
    def fewest(self) -> int | None:
        """Whichever comes first."""
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
    """The seeds for one comparison, by the noise as the pool has it now.

    That noise is an estimate: the tries are counted over what it may really be (the power of a
    trial averaged so is its assurance: O'Hagan, Stevens, Campbell 2005, Pharmaceut. Statist. 4).

    Args:
        difference: as observed.
        variance: of one seed's difference, guarded.
        df: degrees of freedom of the variance now; they grow with the seeds.
        seeds: shared by the two now.
        comparisons: in the family.
        look: the one at which it would be decided.
        margin: of equivalence; None asks for none.
    """
    if seeds < 2 or variance <= 0 or not np.isfinite(difference):
        return Wanted(apart=None, alike=None)
    n = np.arange(max(seeds + 1, MIN_SEEDS), MOST_SEEDS + 1)
    noisier = df / special.chdtri(df, _NOISES)[:, None]  # than it seems; (quantiles, 1)
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
