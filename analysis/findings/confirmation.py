"""Winner against reference on fresh seeds alone: the headline's number."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from scipy import stats

from analysis.reading.study import Study

FEWEST_SEEDS = 3
"""No comparison is decided with fewer."""


@dataclass(frozen=True, kw_only=True)
class ConfirmedDifference:
    """Winner minus reference on the test split, paired by fresh seed.

    Attributes:
        mean: of the differences, in the metric's unit.
        low: end of the 95 % interval, as is ``high``, within what the metric allows; NaN with a
            single seed.
        n: fresh seeds.
        by_seed: each difference.
        decided: the interval excludes 0, and there are ``FEWEST_SEEDS`` or more.
    """

    mean: float
    low: float
    high: float
    n: int
    by_seed: dict[int, float]
    decided: bool


def confirmed_difference(study: Study, level: float = 0.95) -> ConfirmedDifference | None:
    """Student's interval of the paired differences: one comparison, hence no correction.

    Nobody was chosen by these seeds, so that the interval covers as it says, whatever was selected
    before (sample splitting: Cox 1975, Biometrika 62, 441-444).

    Args:
        study: whose winner was confirmed, or not.
        level: of the interval.

    Returns:
        None where nothing is confirmed, or the winner is the reference itself.
    """
    found = study.confirmation
    by_seed = found.differences() if found is not None else {}
    if not by_seed:
        return None
    n, mean = len(by_seed), statistics.fmean(by_seed.values())
    half = math.nan
    if n > 1:
        spread = statistics.stdev(by_seed.values()) / math.sqrt(n)
        half = float(stats.t.ppf((1 + level) / 2, n - 1)) * spread
    low, high = study.metric.bounds or (-math.inf, math.inf)
    return ConfirmedDifference(
        mean=mean,
        low=max(mean - half, low - high),
        high=min(mean + half, high - low),
        n=n,
        by_seed=by_seed,
        decided=n >= FEWEST_SEEDS and (mean - half > 0 or mean + half < 0),
    )
