"""What fresh seeds say about the winner: a sentence and a table."""

from __future__ import annotations

from analysis.findings.confirmation import Confirmed
from analysis.reading.study import Study
from analysis.sections.card import Column, Table
from analysis.sections.data_of_arms import ConfirmedData
from analysis.sections.digits import Format
from sweeps.commands.command_line import counted

TOLD = {
    "better": "is better than",
    "worse": "is worse than",
    "equivalent": "is as good as",
    "open": "is not told apart from",
}


def sentence(study: Study, found: Confirmed, scores: Format) -> str:
    """The headline of a sweep that was confirmed."""
    name = found.winner.name
    if found.problem:
        return f"Fresh seeds confirm nothing about {name}: {found.problem}."
    seeds = counted(len(found.winner.tests), "fresh seed")
    said = f"On {seeds}, which chose nobody, {name}"
    row = found.row
    if row is None or found.reference is None:
        interval = found.winner.interval("test", study.metric.bounds)
        ends = f" (95 %: {scores.interval(interval.low, interval.high)})" if interval else ""
        mean = scores.score(found.winner.test)
        return f"{said}, the reference itself, has a test {study.metric.name} of {mean}{ends}."
    size = scores.difference(row.difference)
    ends = scores.interval(row.low, row.high, signed=True)
    return (
        f"{said} {TOLD[row.verdict]} {found.reference.name}: test {study.metric.name} "
        f"{size} (95 %: {ends})."
    )


def table(study: Study, found: Confirmed) -> Table:
    """Both arms on the fresh seeds."""
    arms = [arm for arm in (found.winner, found.reference) if arm is not None]
    seeds = sorted({seed for arm in arms for seed in (*arm.tests, *arm.diverged)})
    columns = [
        Column(title="arm"),
        Column(title=f"test {study.metric.name}", kind="number"),
        *(Column(title=f"seed {seed}", kind="number") for seed in seeds),
    ]
    rows = [[arm.name, arm.test, *(arm.tests.get(seed) for seed in seeds)] for arm in arms]
    return Table(name="confirmation", title="On fresh seeds", columns=columns, rows=rows)


def as_data(found: Confirmed) -> ConfirmedData:
    """The result of the fresh seeds as plain data for summary.json."""
    row = found.row
    return {
        "sweep": found.sweep,
        "name": found.winner.name,
        "problem": found.problem or None,
        "scores": {str(seed): score for seed, score in found.winner.tests.items()},
        "difference": row.difference if row else None,
        "low": row.low if row else None,
        "high": row.high if row else None,
        "verdict": row.verdict if row else None,
    }
