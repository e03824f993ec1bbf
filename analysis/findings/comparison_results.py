"""The results for a sweep's arms: each against the reference, and all against the best."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from analysis.findings.comparison import Comparison, Tie
from analysis.findings.planner import Step, Wish
from analysis.reading.arms import Arm
from analysis.statistics.against import Verdict
from analysis.statistics.bimodal import Learned
from analysis.statistics.gate import Gate


@dataclass(frozen=True, kw_only=True)
class Comparisons:
    """The comparisons of a sweep's arms.

    Attributes:
        reference: the arm that the others are compared with, never chosen by score; None where no
            arm may be the reference.
        rows: the arms that are compared, in the order of asking.
        left_out: the other arms, each with the reason.
        gate: whether anything differs at all; None where nothing was compared.
        ties: the arms that may be the best, the best on validation first; empty until the gate
            is open.
        learned: how the seeds of each ranked arm ended, by the trial's number, where chance is
            known and some arm is clear of it.
        look: number of this look at the seeds, 1 for the first.
        noise: pooled standard deviation of a score within its arm and seed.
        wishes: the seeds that would decide each open row.
        steps: plans that decide more and more of the open rows, the cheapest first.
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
        """The rows that have this verdict."""
        return [row for row in self.rows if row.verdict == verdict]
