"""Which arms may still be the best, and which are surely as good as the best.

Hsu 1984, "Constrained simultaneous confidence intervals for multiple comparisons with the best",
Ann. Statist. 12: with the true best arm as the control, Dunnett's bounds against all others hold
simultaneously. The true best arm is unknown, so each arm is the control in turn. Two-sided bounds
at the level of ``against.against`` say which arms may be the best: an arm is never excluded by
another arm that the comparisons do not tell apart from it. One-sided bounds say how far behind the
best an arm is at most.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.statistics.against import MIN_SEEDS
from analysis.statistics.binomial import resolution
from analysis.statistics.dunnett import critical
from analysis.statistics.pool import Differences, Floats, Indices, Pool, differences
from analysis.statistics.spending import AGAINST_REFERENCE, level_at

MOST_RIVALS = 40
"""Only this many best arms become the control, which is safe: fewer rivals exclude fewer arms."""
MOST_PAIRS = 250_000
"""With more pairs of an arm and a possible best arm, ``Ties.behind`` is not computed."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ties:
    """How each arm compares with the best arm, whichever arm that is.

    Attributes:
        may_be_best: whether no arm is surely better. The true best arm is among these arms with
            95 % confidence.
        behind: the most by which each arm may be worse than the best, in the metric's unit. The
            bounds hold for all arms simultaneously with 95 % confidence. Infinite where nothing is
            known or computed.
    """

    may_be_best: NDArray[np.bool_]
    behind: Floats

    def within(self, margin: float) -> NDArray[np.bool_]:
        """Whether each arm is surely not worse than the best by more than ``margin``."""
        return self.behind <= margin


def ties(found: Pool, *, maximize: bool, look: int = 1, sequences: Floats | None = None) -> Ties:
    """Compare every arm with the best.

    Args:
        found: the noise of a table.
        maximize: whether more is better.
        look: as in ``against.against``.
        sequences: as in ``against.against``.
    """
    sign = 1.0 if maximize else -1.0
    arms = np.arange(len(found.means))
    order = np.argsort(np.nan_to_num(-sign * found.means, nan=np.inf), kind="stable")

    def bounds(rivals: Indices, level: float, sided: int) -> tuple[Floats, Floats]:
        """The lead of each arm over each rival, and its half width; (arms, rivals) each."""
        first, second = np.repeat(arms, len(rivals)), np.tile(rivals, len(arms))
        apart = differences(found, first, second, strict=True)
        counted = np.zeros(len(first))
        if sequences is not None:
            counted = np.minimum(sequences[first], sequences[second]) * apart.counts
        half = _half(apart, level, max(1, len(arms) - 1), counted, sided)
        ahead = np.nan_to_num(sign * apart.means)
        shape = (len(arms), len(rivals))
        return ahead.reshape(shape), half.reshape(shape)

    level = level_at(look)
    rivals = order[:MOST_RIVALS]
    ahead, half = bounds(rivals, level * AGAINST_REFERENCE, 2)
    may_be_best = np.all((arms[:, None] == rivals) | (ahead + half >= 0), axis=1)
    rivals = np.flatnonzero(may_be_best)  # the true best is one of them
    if len(rivals) * len(arms) > MOST_PAIRS:
        return Ties(may_be_best=may_be_best, behind=np.full(len(arms), np.inf))
    ahead, half = bounds(rivals, level, 1)
    lag = np.where(arms[:, None] == rivals, 0.0, half - ahead)
    return Ties(may_be_best=may_be_best, behind=np.maximum(lag.max(axis=1, initial=0.0), 0.0))


def _half(
    apart: Differences, level: float, comparisons: int, counted: Floats, sided: int
) -> Floats:
    z = float(special.ndtri(1 - level / (sided * comparisons)))
    half = critical(level, apart.df, comparisons, sided=sided) * apart.errors
    half = np.maximum(half, resolution(np.abs(apart.means), counted, z))
    return np.where((half > 0) & (apart.counts >= MIN_SEEDS), half, np.inf)
