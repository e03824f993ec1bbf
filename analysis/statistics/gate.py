"""The gate: a global test before a winner, a rank or a best arm is named."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from analysis.statistics.against import MIN_SEEDS, Against, smallest_p
from analysis.statistics.binomial import resolution
from analysis.statistics.pool import Floats, Pool, differences
from analysis.statistics.spending import AGAINST_REFERENCE, as_over_all_looks


@dataclass(frozen=True, kw_only=True)
class Gate:
    """The global test of "all arms are equal".

    Attributes:
        rejected: whether the hypothesis is rejected: some two arms differ.
        p: p-value over all arms and all looks; at most 5 % where the hypothesis is rejected.
        still: the largest difference from the reference that the intervals still allow; None
            where an interval is infinite or there are no arms.
    """

    rejected: bool
    p: float
    still: float | None


def gate(found: Pool, compared: Against, *, sequences: Floats | None = None) -> Gate:
    """Reject where an arm differs from the reference, or where two other arms clearly differ.

    The largest of Dunnett's statistics is itself a global test, so gate and verdicts cannot
    contradict each other. An unstable reference would hide differences between the other arms. A
    tenth of the error rate is therefore kept for pairs without the reference: the best and the
    worst arm against all others, Bonferroni-corrected for every possible pair.

    Args:
        found: the noise of the table.
        compared: the arms of the table against the reference.
        sequences: as in ``against.against``.
    """
    p_reference = smallest_p(compared)
    p_pairs = pairs_p(found, compared, sequences)
    reach = np.maximum(-compared.low, compared.high)
    still = float(np.max(reach, initial=0.0))
    return Gate(
        rejected=bool(compared.decided.any()) or p_pairs <= 0.05,
        p=min(p_reference, p_pairs),
        still=still if len(compared.arms) and np.isfinite(still) else None,
    )


def pairs_p(found: Pool, compared: Against, sequences: Floats | None) -> float:
    """Smallest p-value of the best and the worst arm against all others but the reference."""
    arms = compared.arms[found.counts[compared.arms] >= MIN_SEEDS]
    if len(arms) < 2:
        return 1.0
    ends = [arms[np.argmax(found.means[arms])], arms[np.argmin(found.means[arms])]]
    first = np.repeat(ends, len(arms))
    second = np.tile(arms, 2)
    first, second = first[first != second], second[first != second]
    apart = differences(found, first, second, strict=True)
    every = len(arms) * (len(arms) - 1) // 2
    level = compared.level / AGAINST_REFERENCE * (1 - AGAINST_REFERENCE)
    z = float(special.ndtri(1 - level / (2 * every)))
    counted = np.zeros(len(first))
    if sequences is not None:
        counted = np.minimum(sequences[first], sequences[second]) * apart.counts
    least = resolution(np.abs(apart.means), counted, z) / z
    error = np.maximum(apart.errors, least)
    known = (error > 0) & (apart.counts >= MIN_SEEDS)
    t = np.where(known, np.abs(apart.means) / np.where(known, error, 1.0), 0.0)
    p = 2 * special.stdtr(apart.df, -t) * every
    return as_over_all_looks(float(np.min(p, initial=1.0)), level)
