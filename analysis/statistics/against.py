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
"""Fewer pairs never decide."""
_STRONGEST = 50


@dataclass(frozen=True, eq=False, kw_only=True)
class Against:
    """Arms minus the reference; each array has one entry an arm, in the order of ``arms``.

    Attributes:
        arms: rows of the table: those that share a seed with the reference.
        reference: its row.
        differences: with their guarded noise.
        half: half of the 95 % interval that holds for all arms, and over all looks, at once;
            infinite where no noise is known.
        low: the interval's end, in the range of a difference.
        high: its other end.
        level: the error that the intervals of this look have together.
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
        """Whose interval excludes 0, with seeds enough to say so."""
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
    """Simultaneous intervals of all arms against one.

    Args:
        found: the noise of the table, from ``pool``.
        reference: the row that the others are compared with.
        look: how often the table was looked at, with this time (``spending``).
        bounds: the range of a score; a difference never leaves what it allows.
        sequences: how many each arm's score counts, 0 for a score that counts none: no interval
            is narrower than their binomial error.
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
    """One arm minus another that is not the reference.

    Whoever asks may have chosen the two by their scores: the interval holds for every pair of arms
    at once, by Tukey's range with the degrees of freedom of the pair (Games and Howell 1976,
    J. Educ. Statist. 1). Both arms are guarded as the reference is.

    Args:
        found: the noise of the table, from ``pool``.
        arm: its row.
        other: the row that is taken away.
        look: as in ``against``, like the following.
        bounds: likewise.
        sequences: likewise.
    """
    level = level_at(look) * AGAINST_REFERENCE
    arms = np.array([arm])
    apart = differences(found, arms, np.array([other]), strict=True)
    counted = np.zeros(1)
    if sequences is not None:
        counted = np.minimum(sequences[arms], sequences[other]) * apart.counts
    many = int(np.count_nonzero(found.counts))
    half = half_widths(apart, level, many * (many - 1) // 2, counted)
    from scipy import stats  # it loads every distribution there is: only where all are compared

    reach = stats.studentized_range.isf(level, many, apart.df) / np.sqrt(2)
    low, high = _ends(apart.means, half := np.maximum(half, reach * apart.errors), bounds)
    return Against(
        arms=arms, reference=other, differences=apart, half=half, low=low, high=high, level=level
    )


def _ends(means: Floats, half: Floats, bounds: tuple[float, float] | None) -> tuple[Floats, Floats]:
    """Of intervals, in the range that a difference can have."""
    low, high = bounds or (-np.inf, np.inf)
    return np.maximum(means - half, low - high), np.minimum(means + half, high - low)


def half_widths(apart: Differences, level: float, comparisons: int, counted: Floats) -> Floats:
    """Half of each interval: the noise's, or what the counted sequences allow if that is more."""
    if len(apart.means) == 0:
        return np.zeros(0)
    half = critical(level, apart.df, comparisons) * apart.errors
    z = float(special.ndtri(1 - level / (2 * comparisons)))
    # Two arms that differ by d disagree on at least that share of the sequences.
    half = np.maximum(half, resolution(np.abs(apart.means), counted, z))
    # A single seed shows no noise, whatever its test set resolves.
    known = (apart.variances > 0) | (apart.counts > 1)
    return np.where((half > 0) & known, half, np.inf)


def verdicts(found: Against, *, margin: float | None, maximize: bool) -> list[Verdict]:
    """What each interval says, and no more.

    ``better`` or ``worse`` where it excludes 0; ``equivalent`` where it lies within the margin
    (Schuirmann 1987, J. Pharmacokin. Biopharm. 15: on the safe side, as the interval is two-sided);
    else ``open``. Two seeds never decide.
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
    where its simultaneous interval holds 0: there the interval's own p-value stands, which is the
    larger one, so that the two never contradict each other.
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
    """The smallest of ``p_values``, without all the others; 1 where there is none.

    It is the interval's own, of whichever of the few strongest arms has it.
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
    """Differences over the guarded standard deviation of a score, corrected for few seeds.

    Hedges 1981, "Distribution theory for Glass's estimator of effect size", J. Educ. Statist. 6.
    With a single degree of freedom no correction makes it unbiased.

    Args:
        found: the arms.
        floor: the least standard deviation that a score of each arm can have, such as its test
            set's binomial one; NaN comes back where there is neither, or one degree of freedom.
    """
    df = found.differences.df
    spread = np.maximum(found.differences.spread, floor)
    correction = 1 - 3 / (4 * np.maximum(df, 1.0) - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = correction * found.differences.means / spread
    return np.where((spread > 0) & (df > 1), sizes, np.nan)


def sign_flip_ps(found: Pool, arms: Indices, reference: int) -> list[float]:
    """The exact p-value of each arm alone: it assumes symmetric noise, and nothing is corrected."""
    by_seed = found.scores[arms] - found.scores[reference]
    return [sign_flip_p([float(d) for d in row[np.isfinite(row)]]) for row in by_seed]
