"""The winner on seeds that chose nobody."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.findings.comparison_results import Comparison
from analysis.findings.comparisons import compare_arms
from analysis.reading.arms import Arm
from analysis.reading.confirmation import Confirmation
from analysis.reading.study import Study
from sweeps.command_line import counted


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """What fresh seeds say of the arm that was best on validation.

    Attributes:
        sweep: the name of the sweep that trained them.
        winner: as trained on them.
        reference: the same; None where the winner is the reference itself.
        row: winner minus reference; None where there is no such difference.
        problem: why the headline does not rest on them; empty where it does.
    """

    sweep: str
    winner: Arm
    reference: Arm | None
    row: Comparison | None
    problem: str


def confirmed(study: Study) -> Confirmed | None:
    """What the sweep of ``--confirm`` says; None where there is none.

    The winner is compared with the reference like any other arm, the only one of its table: the
    interval is Student's over the fresh differences, and pays for looks like every other
    (``statistics.spending``). Data splitting: Cox 1975, Biometrika 62, 441-444.
    """
    found = study.confirmation
    if found is None:
        return None
    problem = _problem(found)
    rows = compare_arms(found.study).rows if found.reference is not None and not problem else []
    return Confirmed(
        sweep=found.sweep,
        winner=found.winner,
        reference=found.reference,
        row=next((row for row in rows if row.arm is found.winner), None),
        problem=problem,
    )


def _problem(found: Confirmation) -> str:
    lost = [arm for arm in found.study.trials if arm.diverged]
    if lost:
        return f"{counted(len(lost[0].diverged), 'fresh seed')} of {lost[0].name} diverged"
    if not found.study.ended:
        return "its training has not ended"
    if found.overlap:
        return f"{counted(len(found.overlap), 'seed')} of it took part in the choice"
    unfit = [arm for arm in found.study.trials if not arm.ranked]
    return f"{unfit[0].name} was not trained in full or is leaky" if unfit else ""
