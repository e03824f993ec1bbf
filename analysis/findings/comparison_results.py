"""What is found of a sweep's arms: each against the reference, and all against the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from analysis.findings.planner import Step, Wish
from analysis.reading.arms import Arm
from analysis.statistics.against import Verdict
from analysis.statistics.bimodal import Learned
from analysis.statistics.gate import Gate


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One arm minus the reference on the test split, paired by seed.

    Attributes:
        arm: which.
        difference: mean over the seeds that both have, in the metric's unit.
        low: of the 95 % interval that holds for all arms and over all looks at once; None where
            no noise is known.
        high: its other end.
        n: shared seeds.
        df: degrees of freedom of the noise.
        effect_size: over the standard deviation of a score, corrected (Hedges); None where
            there is no noise.
        p_holm: corrected over arms and looks; at most 0.05 where the interval excludes 0, and
            above it elsewhere.
        p_sign_flip: of this arm alone, without any assumption but symmetry; not corrected.
        by_seed: the differences.
        verdict: what the interval says.
        within_margin: whether the whole interval lies within the margin.
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
        arm: which.
        behind: the most by which it may be worse than the best; None where nothing is known.
        is_within: whether that is no more than the margin.
    """

    arm: Arm
    behind: float | None
    is_within: bool


@dataclass(frozen=True, kw_only=True)
class Comparisons:
    """What a sweep says of its arms.

    Attributes:
        reference: what the others are compared with, never chosen by score; None: no arm may be.
        rows: the arms that are compared, in the order of asking.
        left_out: the other arms, each with the reason.
        gate: whether anything differs at all; None where nothing was compared.
        ties: the arms that may be the best, the best on validation first; empty until the gate
            is open.
        learned: how the seeds of each ranked arm ended, by the trial's number, where chance is
            known and some arm is clear of it.
        look: how often the seeds were looked at, with this time.
        noise: standard deviation of a score within its arm and seed, over all arms.
        wishes: the seeds that would decide each open row.
        steps: what decides ever more of them, the cheapest first.
    """

    reference: Arm | None
    rows: Sequence[Comparison]
    left_out: Sequence[tuple[Arm, str]]
    gate: Gate | None
    ties: Sequence[Tie]
    learned: Mapping[int, Learned]
    look: int
    noise: float
    wishes: Sequence[Wish]
    steps: Sequence[Step]

    @cached_property
    def winner(self) -> Arm | None:
        """The one arm that may be the best; None where several may, or nothing is told apart."""
        return self.ties[0].arm if len(self.ties) == 1 else None

    def of(self, verdict: Verdict) -> list[Comparison]:
        """The rows of one verdict."""
        return [row for row in self.rows if row.verdict == verdict]
