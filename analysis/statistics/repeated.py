"""Repeated measures: the levels of an axis on a balanced grid, where each seed trained every level.

The error term is the interaction of level and seed. The F test rejects too often where levels are
not equally noisy, or where some are copies of one another. Greenhouse and Geisser's epsilon reduces
the degrees of freedom to correct this.

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
    """The F test of whether the levels differ at all.

    Attributes:
        f: mean square of the levels over the mean square of level by seed.
        df1: degrees of freedom of the levels, before the correction.
        df2: degrees of freedom of level by seed, before the correction.
        epsilon: the correction, from 1 / df1 to 1; both degrees of freedom are multiplied by it.
        p: p-value with the correction.
        p_uncorrected: p-value without the correction.
    """

    f: float
    df1: int
    df2: int
    epsilon: float
    p: float
    p_uncorrected: float


def repeated_measures(table: Floats, *, floor: float = 0.0) -> RepeatedF:
    """The F test of equal levels, with Greenhouse and Geisser's correction.

    Args:
        table: one score per level and seed, (levels, seeds), finite; at least two of each.
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
    """Greenhouse and Geisser's epsilon: how evenly the noise spreads over contrasts of levels.

    Args:
        residual: the table without its level and seed means, (levels, seeds).
        df1: number of independent contrasts of levels.
    """
    levels, seeds = residual.shape
    small = residual.T @ residual if seeds < levels else residual @ residual.T  # equal traces
    square = float(np.sum(small**2))
    if square <= 0.0:
        return 1.0
    return min(1.0, float(np.trace(small)) ** 2 / (df1 * square))


def _ratio(between: float, within: float, largest: float) -> float:
    """F; 0 where only rounding errors vary, because then nothing can be tested."""
    rounding = (1e-12 * largest) ** 2
    return between / within if within > rounding else 0.0
