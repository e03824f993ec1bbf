"""The result for one arm: against the reference, or as one that may be the best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analysis.reading.arms import Arm
from analysis.statistics.against import Verdict


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One arm minus the reference on the test split, paired by seed.

    Attributes:
        arm: the arm that is compared.
        difference: mean difference over the shared seeds, in the metric's unit.
        low: lower end of the 95 % interval that is simultaneous over all arms and all looks; None
            where no noise is known.
        high: upper end of the interval.
        n: number of shared seeds.
        df: degrees of freedom of the noise.
        effect_size: difference over the standard deviation of a score, corrected (Hedges); None
            where it is unknown.
        p_holm: p-value, corrected over arms and looks; at most 0.05 where the interval excludes 0
            with enough seeds, and above 0.05 elsewhere.
        p_sign_flip: p-value of this arm alone; it assumes only symmetry and is not corrected.
        by_seed: the difference of each shared seed.
        verdict: the verdict that the interval supports.
        within_margin: whether the whole interval lies within the margin, with enough seeds.
    """

    arm: Arm
    difference: float
    low: float | None
    high: float | None
    n: int
    df: float
    effect_size: float | None
    p_holm: float
    p_sign_flip: float
    by_seed: Mapping[int, float]
    verdict: Verdict
    within_margin: bool


@dataclass(frozen=True, kw_only=True)
class Tie:
    """An arm that may be the best.

    Attributes:
        arm: the arm.
        behind: the most by which the arm may be worse than the best; None where this is unknown.
        is_within: whether ``behind`` is at most the margin.
    """

    arm: Arm
    behind: float | None
    is_within: bool
