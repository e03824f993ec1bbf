"""The winner on seeds that chose nobody."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.findings.comparison_results import Comparison
from analysis.findings.comparisons import compare_arms
from analysis.reading.study import Study


@dataclass(frozen=True, kw_only=True)
class Confirmed:
    """What fresh seeds say of the arm that was best on validation.

    Attributes:
        winner: against the reference; None where the winner is the reference itself.
        name: of the arm that was trained again.
        scores: seed to test score of it.
    """

    winner: Comparison | None
    name: str
    scores: dict[int, float]


def confirmation(study: Study) -> Confirmed | None:
    """What the sweep of ``--confirm`` says; None where there is none, or it has not ended well.

    A study that was confirmed has it as ``confirmation``: a study of its own, whose trials are the
    winner and the reference.
    """
    fresh: Study | None = getattr(study, "confirmation", None)
    if fresh is None or study.reference is None or not fresh.ranked:
        return None
    found = compare_arms(fresh)
    others = [arm for arm in fresh.ranked if arm.trial_id != study.reference.trial_id]
    again = others[0] if others else fresh.ranked[0]
    row = next((row for row in found.rows if row.arm is again), None)
    if others and (row is None or found.reference is None):
        return None
    return Confirmed(winner=row, name=again.name, scores=again.scores("test"))
