"""The section on the winner: who may be the best, fresh seeds, and commands to train it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.findings import Findings
from analysis.findings.commands import can_launch, confirm, train_again
from analysis.findings.comparison import Tie
from analysis.findings.comparison_results import Comparisons
from analysis.findings.confirmation import Confirmed
from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.sections import fresh_words
from analysis.sections.card import Card, Column, Command, Table
from analysis.sections.data_of_arms import WinnerData
from analysis.sections.digits import Format, study_format
from analysis.sections.naming import listed
from sweeps.commands.command_line import counted

FRESH_SEEDS = 5


def card(findings: Findings) -> Card:
    """The card: no arm is named before the gate rejects, and none as the only one among ties."""
    study, found = findings.study, findings.comparisons
    scores, again = study_format(study), findings.confirmed
    first = found.ties[0].arm if found.ties else None
    fresh = _on_fresh(study, found, again, scores)
    return Card(
        name="winner",
        title="Winner",
        status="decided" if found.winner is not None else "open",
        words=[*fresh, *_words(study, found, scores)]
        if again
        else [*_words(study, found, scores), *fresh],
        tables=[
            *([fresh_words.table(study, again)] if again else []),
            *_ties(study, found.ties),
            *_config(study, first),
        ],
        commands=_commands(study, found, again),
        data=WinnerData(
            winner=found.winner.trial_id if found.winner else None,
            may_be_best=[
                {"trial_id": tie.arm.trial_id, "name": tie.arm.name, "behind": tie.behind,
                 "within_margin": tie.is_within}
                for tie in found.ties
            ],
            confirmed=fresh_words.as_data(again) if again else None,
        ),
    )  # fmt: skip


def _words(study: Study, found: Comparisons, scores: Format) -> list[str]:
    if not found.rows or found.gate is None:
        return ["No winner: nothing could be compared."]
    if not found.gate.rejected:
        still = found.gate.still
        reach = "" if still is None else (
            f" Differences from the reference of up to {scores.score(still)} are still possible."
        )  # fmt: skip
        return [f"No winner is named: nothing here is told apart from anything.{reach}"]
    if found.winner is not None:
        among = " that could be compared" if found.left_out else ""
        return [
            f"{found.winner.name} is better than every other arm{among} (95 %, all arms at once)."
        ]
    names = listed([tie.arm.name for tie in found.ties])
    said = [f"No single winner: {counted(len(found.ties), 'configuration')} may each be the best, "
            f"{names}."]  # fmt: skip
    within = [tie for tie in found.ties if tie.is_within]
    if study.metric.margin is not None:
        margin = scores.score(study.metric.margin)
        said.append(
            f"{listed([tie.arm.name for tie in within])} surely within {margin} of the best."
            if within
            else f"None of them is surely within {margin} of the best yet."
        )
    said.append(f"Best on validation among them: {found.ties[0].arm.name}; that is no proof.")
    return said


def _on_fresh(
    study: Study, found: Comparisons, again: Confirmed | None, scores: Format
) -> list[str]:
    if again is not None:
        quoted = "" if again.problem else " These are the numbers to quote."
        return [fresh_words.sentence(study, again, scores) + quoted]
    if not found.ties:
        return []
    return ["A score here shares the luck of the seeds that chose it: confirm it on fresh ones."]


def _ties(study: Study, ties: Sequence[Tie]) -> list[Table]:
    if not ties:
        return []
    return [
        Table(
            name="near_ties",
            title="May be the best",
            columns=[
                Column(title="arm"),
                Column(title=f"validation {study.metric.name}", kind="number"),
                Column(title=f"test {study.metric.name}", kind="number"),
                Column(title="behind the best by at most", kind="number",
                       help="holds for all arms at once with 95 % (Hsu)"),
                Column(title="within the margin", kind="mark"),
            ],
            rows=[
                (tie.arm.name, tie.arm.value, tie.arm.test, tie.behind,
                 "yes" if tie.is_within else "open")
                for tie in ties
            ],
            shown=10,
            links=[tie.arm.trial_id for tie in ties],
        )
    ]  # fmt: skip


def _config(study: Study, arm: Arm | None) -> list[Table]:
    """The fields of the arm that differ from the sweep's base.

    What the arm has no field for is not shown: another mixer in itself drops some thirty.
    """
    if arm is None:
        return []
    changes = differs(arm.config, study.about["base"])
    return [
        Table(
            name="configuration",
            title=f"{arm.name}, as a difference from the base",
            columns=[
                Column(title="field", kind="code"),
                Column(title="base", help="absent: it has no such field"),
                Column(title="here"),
            ],
            rows=[(key, str(old), str(new)) for key, old, new in changes]
            or [("none", "it is the base", "it is the base")],
        )
    ]


def differs(config: Mapping[str, Any], base: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """The fields of ``config`` that differ: key, the value in ``base``, the value in ``config``."""
    found = [(key, base.get(key, "absent"), new) for key, new in sorted(config.items())]
    return [(key, old, new) for key, old, new in found if old != new]


def _commands(study: Study, found: Comparisons, again: Confirmed | None) -> list[Command]:
    if not found.ties or not can_launch(study):
        return []
    arm = found.ties[0].arm
    alone = Command(does=f"Train {arm.name} again, alone", command=train_again(arm, study.about))
    return [*to_confirm(study, found, again), alone]


def to_confirm(study: Study, found: Comparisons, again: Confirmed | None) -> list[Command]:
    """The command that trains the winner and the reference on fresh seeds; none if already done.

    There is also none while the sweep runs, without ties, or if the launcher cannot run the sweep.
    """
    if not found.ties or again is not None or not study.ended or not can_launch(study):
        return []
    does = f"Train the best on validation and the reference on {FRESH_SEEDS} fresh seeds"
    return [Command(does=does, command=confirm(study.about, FRESH_SEEDS))]
