"""One comparison that was chosen before its seeds were drawn: winner against reference."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

FEWEST_SEEDS = 3
"""No comparison is decided with fewer."""


@dataclass(frozen=True, kw_only=True)
class FreshDifference:
    """A mean difference, paired by fresh seed.

    Attributes:
        mean: in the metric's unit.
        low: end of the interval, as is ``high``, within what the metric allows; NaN with a single
            seed.
        n: seeds.
        decided: the interval excludes 0, and there are ``FEWEST_SEEDS`` or more.
    """

    mean: float
    low: float
    high: float
    n: int
    decided: bool


def fresh_difference(
    differences: Sequence[float],
    *,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    level: float = 0.95,
) -> FreshDifference:
    """Student's interval: a single comparison, hence no correction.

    Nobody was chosen by these seeds, so that the interval covers as it says, whatever was selected
    before (data splitting: Cox 1975, Biometrika 62, 441-444).

    Args:
        differences: winner minus reference, one a seed; at least one.
        bounds: of a score.
        level: of the interval.
    """
    n, mean = len(differences), statistics.fmean(differences)
    half = math.nan
    if n > 1:
        spread = statistics.stdev(differences) / math.sqrt(n)
        half = float(stats.t.ppf((1 + level) / 2, n - 1)) * spread
    low, high = max(mean - half, bounds[0] - bounds[1]), min(mean + half, bounds[1] - bounds[0])
    return FreshDifference(
        mean=mean,
        low=low if n > 1 else math.nan,
        high=high if n > 1 else math.nan,
        n=n,
        decided=n >= FEWEST_SEEDS and (low > 0 or high < 0),
    )
