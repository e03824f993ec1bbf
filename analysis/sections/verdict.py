"""The answer on one screen: sentences, a figure, a tally, and what decides open comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.findings import Findings
from analysis.findings.comparison_results import Comparisons
from analysis.findings.planner import Step
from analysis.reading.study import Study
from analysis.sections import fresh_words, said_words
from analysis.sections.arm_figures import scores as drawn_scores
from analysis.sections.axes import panel
from analysis.sections.axes_figures import strongest
from analysis.sections.axes_words import what_matters
from analysis.sections.card import Card, Column, Command, Figure, Status, Table
from analysis.sections.data_of_arms import VerdictData
from analysis.sections.digits import Format, study_format
from analysis.sections.sentences import answer, counts
from analysis.sections.winner import to_confirm
from analysis.statistics.against import MIN_SEEDS, Verdict
from analysis.statistics.planning import MOST_SEEDS
from sweeps.commands.command_line import counted

MOST_ON_ONE_SCREEN, MOST_DRAWN = 24, 60
TALLY: dict[Verdict, str] = {
    "worse": "worse",
    "better": "better",
    "equivalent": "as good",
    "open": "open",
}
DAY = 24 * 3600.0


def card(findings: Findings) -> Card:
    """The card of the verdict, for every sweep."""
    study, found, again = findings.study, findings.comparisons, findings.confirmed
    scores, is_drawn = study_format(study), findings.axes.drawn
    words = [fresh_words.sentence(study, again, scores)] if again else []
    words += _of_axes(findings, scores) + answer(study, found, scores)
    return Card(
        name="verdict",
        title=str(study.about["question"]),
        status=_status(found),
        words=[
            *words,
            *([] if is_drawn else _open_ones(found)),
            *said_words.sentences(study),
            counts(study),
        ],
        facts=[(told, str(len(found.of(verdict)))) for verdict, told in TALLY.items()]
        if found.rows and not is_drawn
        else [],
        tables=[_plan(found.steps)] if found.steps and not is_drawn else [],
        figures=_figures(findings),
        commands=to_confirm(study, found, again)
        if is_drawn
        else _commands(found.steps if study.ended else []),
        data=VerdictData(
            answer=words,
            rests_on="fresh seeds" if again and not again.problem else "the sweep's own seeds",
            reference=found.reference.name if found.reference else None,
            reference_why=study.reference_why,
            gate={"rejected": found.gate.rejected, "p": found.gate.p, "still": found.gate.still}
            if found.gate
            else None,
            tally={verdict: len(found.of(verdict)) for verdict in TALLY},
            look=found.look,
            plan=[
                {"seeds": step.seeds, "decides": [arm.name for arm in step.arms],
                 "trainings": step.trainings, "seconds": step.seconds, "command": step.command}
                for step in found.steps
            ],
        ),
    )  # fmt: skip


def _of_axes(findings: Findings, scores: Format) -> list[str]:
    """If settings were drawn: sentences on the axes and on the best trials, else none.

    These sentences come before the sentences on single trials. There are none before the gate
    rejects.
    """
    found = findings.comparisons
    if not findings.axes.drawn or found.gate is None or not found.gate.rejected:
        return []
    said = [what_matters(findings.axes, scores)] if findings.axes.told_apart else []
    best = [tie.arm.name for tie in found.ties[:1]]
    if len(found.ties) == 1:
        return [*said, f"{best[0]} is the best of all."]
    many = f"{len(found.ties)} of {counted(len(found.rows) + 1, 'trial')}"
    return [*said, *(f"{many} may each be the best; on validation {one} is." for one in best)]


def duration(seconds: float) -> str:
    """A time such as ``40 seconds``, ``25 minutes``, ``6.5 hours`` or ``3 days``."""
    for size, name in ((DAY, "day"), (3600.0, "hour"), (60.0, "minute")):
        if seconds >= 1.5 * size:
            amount = seconds / size
            return f"{amount:.1f} {name}s" if amount < 10 and size > 60 else f"{amount:.0f} {name}s"
    return f"{max(1, round(seconds))} seconds" if seconds >= 1.5 else "1 second"


def _status(found: Comparisons) -> Status:
    return "decided" if found.rows and not found.of("open") else "open"


def _open_ones(found: Comparisons) -> list[str]:
    """A sentence on open comparisons that no allowed number of seeds would decide, if any."""
    if not found.wishes:
        return []
    hopeless = len(found.wishes) - (len(found.steps[-1].arms) if found.steps else 0)
    if not found.steps:
        if any(row.low is None or row.n < MIN_SEEDS for row in found.of("open")):
            return ["Too little is known of the noise to say how many seeds would decide."]
        return [
            f"No number of seeds up to {MOST_SEEDS} would decide {_the_open(hopeless)}, by the "
            "noise and the differences as they are."
        ]
    few = f"{counted(hopeless, 'open comparison')} would need more than {MOST_SEEDS} seeds."
    return [few] if hopeless else []


def recommended(steps: Sequence[Step]) -> Step:
    """The step that decides most within a day; if none fits a day, the cheapest step."""
    return next((step for step in reversed(steps) if step.seconds <= DAY), steps[0])


def _the_open(count: int) -> str:
    return "the one open comparison" if count == 1 else f"the {count} open comparisons"


def _plan(steps: Sequence[Step]) -> Table:
    return Table(
        name="plan",
        title="What decides the open ones",
        columns=[
            Column(title="seeds in all", kind="count"),
            Column(title="decides", kind="count", help="of the open ones, in four of five tries"),
            Column(title="more trainings", kind="count"),
            Column(title="takes", help="one after the other, by the seconds a seed took so far"),
        ],
        rows=[
            (step.seeds, len(step.arms), step.trainings,
             duration(step.seconds) if step.seconds else None)
            for step in steps
        ],
    )  # fmt: skip


def _commands(steps: Sequence[Step]) -> list[Command]:
    if not steps or not recommended(steps).command:
        return []
    step = recommended(steps)
    who = counted(len(step.arms), "open one")
    does = f"Train the reference and {who} to {step.seeds} seeds each"
    return [Command(does=does, command=step.command)]


def _figures(findings: Findings) -> list[Figure]:
    """All figures of the card; every figure but the first is folded."""
    found = [*_main_axis(findings), *_all_arms(findings.study, findings.comparisons)]
    return [replace(figure, folded=i > 0) for i, figure in enumerate(found)]


def _all_arms(study: Study, found: Comparisons) -> list[Figure]:
    if not found.rows or found.reference is None:
        return []
    total = len(found.rows) + 1
    drawn = [min(total, MOST_ON_ONE_SCREEN)]
    drawn += [min(total, MOST_DRAWN)] if total > MOST_ON_ONE_SCREEN else []
    return [
        Figure(
            name="verdict" if i == 0 else "verdict_more",
            draw=drawn_scores(study, found, most),
            alt=f"Test {study.metric.name} of {most} configurations: seeds, means and simultaneous "
            f"95 % intervals beside {found.reference.name}",
            caption=_caption(study, total, most),
        )
        for i, most in enumerate(drawn)
    ]


def _main_axis(findings: Findings) -> list[Figure]:
    """If settings were drawn, the figure of the axis that matters most; else none."""
    found = findings.axes
    if not found.drawn or not found.told_apart:
        return []
    main = panel(strongest(found.axes)[0], found.score, 0)
    return [replace(main, name="verdict_axis")]


def _caption(study: Study, total: int, most: int) -> str:
    said = "Diamonds: means; dots: seeds; bars: simultaneous 95 % intervals of the difference from "
    said += "the reference. "
    if study.metric.margin is not None:
        said += "Shaded: as good as the reference, within the margin. "
    if most < total:
        said += f"The {most} of {total} that are furthest from it. "
    return said.strip()
