"""How good the best of so many random tries is, with a band that holds at every number at once.

Lourie, Cho, He (2024), "Show Your Work with Confidence: Confidence Bands for Tuning Curves",
arXiv 2311.09480, by their library opda.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.kernel import Floats

if TYPE_CHECKING:
    from opda.nonparametric import EmpiricalDistribution

FEWEST = 5
MOST_EXACT = 100  # tries; the tighter band is simulated, which takes 100,000 x tries numbers
MOST_BUDGETS = 1000
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class TuningCurve:
    """The median of the best of k random tries, k = 1, 2, ...

    Attributes:
        tries: how many were made.
        middle: estimate for each k.
        low: lower end of the band; minus infinite or the metric's own end where it says nothing.
        high: upper end.
        informative: up to this k both ends come from scores that were seen; 0 for none.
    """

    tries: int
    middle: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    informative: int


def tuning_curve(
    scores: Sequence[float],
    *,
    maximize: bool,
    bounds: tuple[float, float] | None = None,
    level: float = LEVEL,
    exact: bool = True,
) -> TuningCurve:
    """The tuning curve of independent random tries.

    Args:
        scores: one a try, finite, at least ``FEWEST``.
        maximize: whether more is better.
        bounds: the metric's range.
        level: chance that the whole band holds; with ties it is larger.
        exact: take the tighter band, whose size is simulated: seconds for each number of tries.
            Above ``MOST_EXACT`` tries, and else, it is that of Kolmogorov and Smirnov.
    """
    ends = bounds or (-math.inf, math.inf)
    lower, point, upper = _bands(np.asarray(scores, dtype=float), level, ends, exact)
    budgets = np.arange(1, min(len(scores), MOST_BUDGETS) + 1)
    options = {"q": 0.5, "minimize": not maximize}
    # the upper band of the distribution function is the lower band of its quantiles
    low = upper.quantile_tuning_curve(budgets, **options)
    high = lower.quantile_tuning_curve(budgets, **options)
    seen = (low >= min(scores)) & (high <= max(scores))
    return TuningCurve(
        tries=len(scores),
        middle=_numbers(point.quantile_tuning_curve(budgets, **options)),
        low=_numbers(low),
        high=_numbers(high),
        informative=len(seen) if seen.all() else int(np.argmin(seen)),
    )


def decided_budgets(one: TuningCurve, other: TuningCurve) -> list[int]:
    """The numbers of tries at which one band lies above or below the other one."""
    pairs = zip(one.low, one.high, other.low, other.high, strict=False)
    return [k for k, (low, high, least, most) in enumerate(pairs, 1) if low > most or high < least]


def _bands(
    scores: Floats, level: float, ends: tuple[float, float], exact: bool
) -> tuple[EmpiricalDistribution, EmpiricalDistribution, EmpiricalDistribution]:
    from opda.nonparametric import EmpiricalDistribution  # it loads pandas: only for tuned arms

    with warnings.catch_warnings():
        # Scores that are counted have ties; the band then covers more than it says.
        warnings.filterwarnings("ignore", message="Duplicates detected in ys")
        bands: tuple[EmpiricalDistribution, EmpiricalDistribution, EmpiricalDistribution]
        bands = EmpiricalDistribution.confidence_bands(
            scores,
            level,
            *ends,
            generator=_generator(len(scores), level),
            method="ld_equal_tailed" if exact and len(scores) <= MOST_EXACT else "ks",
            n_jobs=1,
        )
    return bands


@functools.cache
def _generator(tries: int, level: float) -> np.random.Generator:  # noqa: ARG001
    """One for each size, so that opda simulates each size once and always the same way."""
    return np.random.default_rng(0)


def _numbers(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
