"""Levels of an axis on a balanced grid: each seed trained every level, so levels repeat in it.

The error is how differently the seeds rank the levels. Where levels are not equally noisy, or some
are copies of one another, F is too bold; Greenhouse and Geisser's epsilon takes degrees of freedom
away for that.

Sources: Greenhouse and Geisser 1959, On methods in the analysis of profile data, Psychometrika 24;
Box 1954, Annals of Mathematical Statistics 25.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.tails import f_above

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RepeatedF:
    """Whether the levels differ at all.

    Attributes:
        f: mean square of the levels over that of level by seed.
        df1: degrees of freedom of the levels, before the correction.
        df2: of level by seed, before the correction.
        epsilon: the correction, from 1 / df1 to 1; both degrees of freedom are multiplied by it.
        p: with the correction.
        p_uncorrected: without.
    """

    f: float
    df1: int
    df2: int
    epsilon: float
    p: float
    p_uncorrected: float


def repeated_measures(table: Floats, *, floor: float = 0.0) -> RepeatedF:
    """The F test of equal levels with the correction.

    Args:
        table: a score a level and seed, (levels, seeds), finite; two of each at least.
        floor: the least variance that a score can have, such as that of a small test set.
    """
    levels, seeds = table.shape
    df1, df2 = levels - 1, (levels - 1) * (seeds - 1)
    means = table.mean(axis=1)
    residual = table - means[:, None] - table.mean(axis=0) + table.mean()
    between = seeds * float(np.sum((means - means.mean()) ** 2)) / df1
    within = max(float(np.sum(residual**2)) / df2, floor)
    f = _ratio(between, within, float(np.max(np.abs(table), initial=0.0)))
    epsilon = sphericity(residual, df1)
    return RepeatedF(
        f=f,
        df1=df1,
        df2=df2,
        epsilon=epsilon,
        p=float(f_above(f, epsilon * df1, epsilon * df2)),
        p_uncorrected=float(f_above(f, df1, df2)),
    )


def sphericity(residual: Floats, df1: int) -> float:
    """Greenhouse and Geisser's epsilon: how evenly the noise fills the ways levels can differ.

    Args:
        residual: the table without its level and seed means, (levels, seeds).
        df1: in how many ways the levels can differ.
    """
    levels, seeds = residual.shape
    small = residual.T @ residual if seeds < levels else residual @ residual.T  # equal traces
    square = float(np.sum(small**2))
    if square <= 0.0:
        return 1.0
    return min(1.0, float(np.trace(small)) ** 2 / (df1 * square))


def _ratio(between: float, within: float, largest: float) -> float:
    """F; 0 where nothing varies but rounding, for then there is nothing to judge by."""
    rounding = (1e-12 * largest) ** 2
    return between / within if within > rounding else 0.0
