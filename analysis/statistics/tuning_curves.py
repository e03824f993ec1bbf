"""Tuning curves: the best of k random tries, with a band that is simultaneous over all k.

Lourie, Cho, He (2024), "Show Your Work with Confidence: Confidence Bands for Tuning Curves",
arXiv 2311.09480, computed by the authors' library opda.
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
MOST_EXACT = 100  # tries; simulating the tighter band takes 100,000 x tries numbers
MOST_BUDGETS = 1000
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class TuningCurve:
    """The median of the best of k random tries, k = 1, 2, ...

    Attributes:
        tries: number of tries that were made.
        middle: estimate for each k.
        low: lower end of the band; minus infinity or the end of the metric's range where the band
            says nothing.
        high: upper end of the band, likewise.
        informative: the largest k up to which both ends come from observed scores; 0 for none.
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
        scores: one finite score per try, at least ``FEWEST``.
        maximize: whether more is better.
        bounds: the metric's range.
        level: probability that the whole band holds; with ties it is larger.
        exact: whether to take the tighter band, whose size is simulated (seconds for each number
            of tries). Otherwise, and above ``MOST_EXACT`` tries, the band is that of Kolmogorov
            and Smirnov.
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
    """The numbers of tries at which one band lies entirely above or below the other band."""
    pairs = zip(one.low, one.high, other.low, other.high, strict=False)
    return [k for k, (low, high, least, most) in enumerate(pairs, 1) if low > most or high < least]


def _bands(
    scores: Floats, level: float, ends: tuple[float, float], exact: bool
) -> tuple[EmpiricalDistribution, EmpiricalDistribution, EmpiricalDistribution]:
    from opda.nonparametric import EmpiricalDistribution  # it loads pandas: only for tuned arms

    with warnings.catch_warnings():
        # Scores that are counts have ties; the coverage is then above ``level``.
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
    """One generator per number of tries: opda simulates each number once, reproducibly."""
    return np.random.default_rng(0)


def _numbers(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
