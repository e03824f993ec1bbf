"""Every arm against one reference: simultaneous intervals, p-values, effect sizes, verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from analysis.statistics.binomial import resolution
from analysis.statistics.dunnett import critical, tail
from analysis.statistics.pool import Differences, Pool, differences
from analysis.statistics.sign_flips import sign_flip_p
from analysis.statistics.spending import AGAINST_REFERENCE, ERROR, as_over_all_looks, level_at

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Verdict = Literal["better", "worse", "equivalent", "open"]

MIN_SEEDS = 3
"""A comparison with fewer shared seeds is never decided."""
_STRONGEST = 50


@dataclass(frozen=True, eq=False, kw_only=True)
class Against:
    """Arms minus the reference; each array has one entry per arm, in the order of ``arms``.

    Attributes:
        arms: rows of the table for the arms that share at least one seed with the reference.
        reference: row of the reference.
        differences: the paired differences with their guarded variances.
        half: half width of the 95 % simultaneous interval over all arms and all looks; infinite
            where no noise is known.
        low: lower end of the interval, clipped to the range of a difference.
        high: upper end of the interval, clipped likewise.
        level: family-wise error rate of the intervals of this look.
    """

    arms: Indices
    reference: int
    differences: Differences
    half: Floats
    low: Floats
    high: Floats
    level: float

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Whether the interval excludes 0 and rests on at least ``MIN_SEEDS`` shared seeds."""
        apart = np.abs(self.differences.means) > self.half
        return apart & (self.differences.counts >= MIN_SEEDS)


def against(
    found: Pool,
    reference: int,
    *,
    look: int = 1,
    bounds: tuple[float, float] | None = None,
    sequences: Floats | None = None,
) -> Against:
    """Simultaneous intervals for the differences between all arms and one reference.

    Args:
        found: the noise of the table, from ``pool``.
        reference: row of the arm that all others are compared with.
        look: number of this look at the table, 1 for the first (see ``spending``).
        bounds: the range of a score; intervals are clipped to the differences that it allows.
        sequences: number of test sequences behind each arm's score, 0 for a score that is not a
            count. No interval is narrower than the binomial error of these sequences.
    """
    shares = np.isfinite(found.scores) & np.isfinite(found.scores[reference])
    arms = np.flatnonzero(shares.any(axis=1) & (np.arange(len(shares)) != reference))
    level = level_at(look) * AGAINST_REFERENCE
    apart = differences(found, arms, np.full(len(arms), reference))
    counted = np.zeros(len(arms))
    if sequences is not None:
        counted = np.minimum(sequences[arms], sequences[reference]) * apart.counts
    half = half_widths(apart, level, max(1, len(arms)), counted)
    low, high = _ends(apart.means, half, bounds)
    return Against(
        arms=arms,
        reference=reference,
        differences=apart,
        half=half,
        low=low,
        high=high,
        level=level,
    )


def between(
    found: Pool,
    arm: int,
    other: int,
    *,
    look: int = 1,
    bounds: tuple[float, float] | None = None,
    sequences: Floats | None = None,
) -> Against:
    """One arm minus another arm that is not the reference.

    The caller may have chosen the two arms by their scores. The interval therefore holds for every
    pair of arms simultaneously: it is at least as wide as Tukey's studentized range with the
    degrees of freedom of the pair (Games and Howell 1976, J. Educ. Statist. 1). Both arms are
    guarded as the reference is.

    Args:
        found: the noise of the table, from ``pool``.
        arm: row of the arm.
        other: row of the arm that is subtracted.
        look: as in ``against``.
        bounds: as in ``against``.
        sequences: as in ``against``.
    """
    level = level_at(look) * AGAINST_REFERENCE
    arms = np.array([arm])
    apart = differences(found, arms, np.array([other]), strict=True)
    counted = np.zeros(1)
    if sequences is not None:
        counted = np.minimum(sequences[arms], sequences[other]) * apart.counts
    many = int(np.count_nonzero(found.counts))
    half = half_widths(apart, level, many * (many - 1) // 2, counted)
    from scipy import stats  # loads every distribution: import it only where it is needed

    reach = stats.studentized_range.isf(level, many, apart.df) / np.sqrt(2)
    low, high = _ends(apart.means, half := np.maximum(half, reach * apart.errors), bounds)
    return Against(
        arms=arms, reference=other, differences=apart, half=half, low=low, high=high, level=level
    )


def _ends(means: Floats, half: Floats, bounds: tuple[float, float] | None) -> tuple[Floats, Floats]:
    """Lower and upper ends of intervals, clipped to the range that a difference can have."""
    low, high = bounds or (-np.inf, np.inf)
    return np.maximum(means - half, low - high), np.minimum(means + half, high - low)


def half_widths(apart: Differences, level: float, comparisons: int, counted: Floats) -> Floats:
    """Half width of each interval: from the noise or the counted sequences, whichever is larger."""
    if len(apart.means) == 0:
        return np.zeros(0)
    half = critical(level, apart.df, comparisons) * apart.errors
    z = float(special.ndtri(1 - level / (2 * comparisons)))
    # Two arms whose scores differ by d disagree on at least a share d of the sequences.
    half = np.maximum(half, resolution(np.abs(apart.means), counted, z))
    # A single seed shows no noise between seeds, however large its test set is.
    known = (apart.variances > 0) | (apart.counts > 1)
    return np.where((half > 0) & known, half, np.inf)


def verdicts(found: Against, *, margin: float | None, maximize: bool) -> list[Verdict]:
    """The verdict that each interval supports.

    ``better`` or ``worse``: the interval excludes 0. ``equivalent``: the interval lies within the
    margin (Schuirmann 1987, J. Pharmacokin. Biopharm. 15; conservative, because the interval is
    two-sided). ``open``: neither. Fewer than ``MIN_SEEDS`` shared seeds always give ``open``.
    """
    sign = 1.0 if maximize else -1.0
    up = found.differences.means * sign > 0
    inside = np.maximum(-found.low, found.high) <= (0.0 if margin is None else margin)
    inside &= found.differences.counts >= MIN_SEEDS
    return [
        ("better" if is_up else "worse") if is_decided else "equivalent" if is_inside else "open"
        for is_decided, is_up, is_inside in zip(found.decided, up, inside, strict=True)
    ]


def p_values(found: Against) -> Floats:
    """Step-down p-values over all arms and all looks, at most 5 % where an interval excludes 0.

    Holm 1979, Scand. J. Statist. 6, with the joint distribution in place of Bonferroni's bound
    (Dunnett and Tamhane 1991, Statist. Med. 10). The step-down p-value of an arm may fall below 5 %
    although its simultaneous interval contains 0. Such an arm gets the p-value of its interval,
    which is larger. P-value and interval therefore never contradict each other.
    """
    many = len(found.arms)
    if many == 0:
        return np.zeros(0)
    df, t = found.differences.df, _statistics(found)
    single = tail(t, df, many)
    order = np.argsort(single, kind="stable")
    steps = np.empty(many)
    steps[order] = np.maximum.accumulate(tail(t[order], df[order], many - np.arange(many)))
    p = np.where(found.decided, steps, single)
    p = np.array([as_over_all_looks(float(one), found.level) for one in p])
    return np.where(found.decided, np.minimum(p, ERROR), np.maximum(p, np.nextafter(ERROR, 1)))


def smallest_p(found: Against) -> float:
    """The smallest of ``p_values``, without computing the others; 1 where there are no arms.

    It is the smallest p-value of an interval. Only the ``_STRONGEST`` arms with the smallest
    unadjusted p-values are searched for it.
    """
    df, t = found.differences.df, _statistics(found)
    strongest = np.argsort(2 * special.stdtr(df, -t), kind="stable")[:_STRONGEST]
    if len(strongest) == 0:
        return 1.0
    p = tail(t[strongest], df[strongest], len(found.arms))
    told = as_over_all_looks(float(p.min()), found.level)
    return min(told, ERROR) if found.decided.any() else max(told, float(np.nextafter(ERROR, 1)))


def _statistics(found: Against) -> Floats:
    """The absolute t statistics that belong to the intervals; 0 where no noise is known."""
    if len(found.arms) == 0:
        return np.zeros(0)
    known = np.isfinite(found.half)
    size = np.where(known, np.abs(found.differences.means) / np.where(known, found.half, 1.0), 0.0)
    reach = critical(found.level, found.differences.df, len(found.arms))
    return size * reach


def effect_sizes(found: Against, floor: Floats) -> Floats:
    """Differences over the guarded standard deviation of a score, with Hedges' correction.

    Hedges 1981, "Distribution theory for Glass's estimator of effect size", J. Educ. Statist. 6.
    With one degree of freedom, no correction makes the effect size unbiased.

    Args:
        found: the arms against the reference.
        floor: the least standard deviation that a score of each arm can have, such as the
            binomial standard deviation of its test set.

    Returns:
        one effect size per arm; NaN where no standard deviation is known, or with one degree of
        freedom.
    """
    df = found.differences.df
    spread = np.maximum(found.differences.spread, floor)
    correction = 1 - 3 / (4 * np.maximum(df, 1.0) - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = correction * found.differences.means / spread
    return np.where((spread > 0) & (df > 1), sizes, np.nan)


def sign_flip_ps(found: Pool, arms: Indices, reference: int) -> list[float]:
    """The sign-flip p-value of each arm alone: it assumes symmetric noise and is not corrected."""
    by_seed = found.scores[arms] - found.scores[reference]
    return [sign_flip_p([float(d) for d in row[np.isfinite(row)]]) for row in by_seed]
