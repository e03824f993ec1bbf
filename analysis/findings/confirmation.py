"""The winner on fresh seeds, which took no part in choosing it."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.findings.comparison import Comparison
from analysis.findings.comparisons import compare_arms
from analysis.reading.arms import Arm
from analysis.reading.study import Confirmation, Study
from sweeps.commands.command_line import counted


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """What fresh seeds say about the arm that was best on validation.

    Attributes:
        sweep: the name of the sweep that trained the fresh seeds.
        winner: the winner as trained on the fresh seeds.
        reference: the reference as trained on the fresh seeds; None where the winner is the
            reference itself.
        row: winner minus reference; None where there is no such difference.
        problem: why the headline does not rest on the fresh seeds; empty where it does.
    """

    sweep: str
    winner: Arm
    reference: Arm | None
    row: Comparison | None
    problem: str


def confirmed(study: Study) -> Confirmed | None:
    """The result of the sweep of ``--confirm``; None where there is no such sweep.

    The winner is compared with the reference like any other arm, but alone. The interval is
    therefore Student's interval over the fresh differences. It pays for looks like every other
    interval (``statistics.spending``). Data splitting: Cox 1975, Biometrika 62, 441-444.
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
