"""Every number of a report, each computed once and only where a section asks for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from analysis.reading.study import Study

if TYPE_CHECKING:
    from analysis.findings.axes import AxisFindings
    from analysis.findings.comparisons import Comparisons
    from analysis.findings.confirmation import Confirmed
    from analysis.findings.costs import CostFindings
    from analysis.findings.importances import ImportanceFindings
    from analysis.findings.trust import TrustFindings
    from analysis.findings.tuning import TuningFindings


@dataclass(frozen=True)
class Findings:
    """What the statistics say about a study; sections read the findings, never the reverse."""

    study: Study

    @cached_property
    def comparisons(self) -> Comparisons:
        """Each arm against the reference, the gate, the near ties, and what decides the rest."""
        from analysis.findings.comparisons import compare_arms

        return compare_arms(self.study)

    @cached_property
    def confirmed(self) -> Confirmed | None:
        """The winner and the reference on fresh seeds."""
        from analysis.findings.confirmation import confirmed

        return confirmed(self.study)

    @cached_property
    def axes(self) -> AxisFindings:
        """The effect of each axis, alone and together with another axis."""
        from analysis.findings.axes import axis_findings

        return axis_findings(self.study)

    @cached_property
    def importances(self) -> ImportanceFindings:
        """The share of each axis in the spread between trials."""
        from analysis.findings.importances import importance_findings

        return importance_findings(self.study)

    @cached_property
    def tuning(self) -> TuningFindings:
        """How good each tuned arm is after a given number of tries."""
        from analysis.findings.tuning import tuning_findings

        return tuning_findings(self.study)

    @cached_property
    def costs(self) -> CostFindings:
        """What the trials cost; there is no front before the gate shows a difference."""
        from analysis.findings.costs import cost_findings

        found, gate = cost_findings(self.study), self.comparisons.gate
        return found if gate is not None and gate.rejected else replace(found, fronts=())

    @cached_property
    def trust(self) -> TrustFindings:
        """How trials ended, what was certified, how noisy seeds are."""
        from analysis.findings.trust import trust_findings

        return trust_findings(self.study)
