"""The section on trials: every trial, in any state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.findings import Findings
from analysis.reading.arms import VARIANT, Arm, short
from analysis.reading.study import Study
from analysis.reading.tuned import tuned_keys, tuned_note
from analysis.sections.card import Card, Column, Command, Table
from analysis.sections.data_of_sweep import TrialsData
from analysis.sections.digits import Format, study_format
from sweeps.commands.doors import door

EACH_SEED = 1000
"""Most trials for which the table shows every seed; trials.parquet always has all seeds."""


def card(findings: Findings) -> Card | None:
    """The card: one row per trial, in the order of proposal; None without trials."""
    study = findings.study
    if not study.trials:
        return None
    words = [
        f"Mean {study.metric.name} over all seeds; the interval is that of the test score (95 %, "
        "Student's t). A trial without its full budget or with a diverged seed has no mean: "
        "survivors are never averaged.",
        "Row n of `trials.parquet` is trial n; `curves.parquet` has what it reported, by its "
        "number.",
    ]
    note = tuned_note(study.axes)
    return Card(
        name="trials",
        title="All trials",
        words=[*words, *([note] if note else [])],
        tables=[_table(study)],
        commands=[
            Command(
                does="Look into one trial: its filters, and its speed against length.",
                command=f"{door('analysis/trial.py')} {study.trials[0].trial_id}",
            )
        ],
        data=TrialsData(counted=len(study.trials)),
    )


def _table(study: Study) -> Table:
    keys = [str(axis["key"]) for axis in study.axes]
    each = len(study.trials) <= EACH_SEED
    columns = [
        Column(title="#", kind="count", help="in the order of asking; its row in trials.parquet"),
        *(_axis(key, study.trials) for key in keys),
        Column(title="state", kind="mark"),
        Column(title="validation", kind="number"),
        Column(title="test", kind="number"),
        Column(title="95 %", kind="interval", help="of the mean test score over seeds"),
        Column(title="seeds", kind="count"),
        *([Column(title="each seed", help="test, else validation, by seed")] if each else []),
        Column(title="id", kind="code", help="the same in ledger, MLflow and checkpoints"),
    ]
    chosen = {arm.number for arm in study.arms} if tuned_keys(study.axes) else set()
    scores = study_format(study)
    rows = [_row(arm, study, keys, chosen, scores if each else None) for arm in study.trials]
    return Table(
        name="trials",
        title="All trials",
        columns=columns,
        rows=rows,
        links=[arm.trial_id for arm in study.trials],
    )


def _axis(key: str, found: Sequence[Arm]) -> Column:
    values = [arm.point[key] for arm in found if arm.point.get(key) is not None]
    numeric = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
    name = "arm" if key == VARIANT else short(key)
    return Column(title=name, kind="count" if values and numeric else "text", help=key)


def _row(
    arm: Arm, study: Study, keys: Sequence[str], chosen: set[int], scores: Format | None
) -> list[Any]:
    interval = arm.interval("test", study.metric.bounds)
    validation = arm.scores("value")
    return [
        arm.number,
        *(_value(arm.point, key) for key in keys),
        states(arm) + (["chosen"] if arm.number in chosen else []),
        arm.value if validation else None,
        interval.mean if interval else None,
        (interval.low, interval.high) if interval and interval.low is not None else None,
        interval.n if interval else None,
        *([_each(arm, scores)] if scores else []),
        arm.trial_id,
    ]


def states(arm: Arm) -> list[str]:
    """The trial's state, with marks for diverged seeds and for a leak."""
    found = [arm.state]
    if arm.diverged:
        seeds = ", ".join(map(str, arm.diverged))
        found.append(f"diverged: seed{'s' * (len(arm.diverged) > 1)} {seeds}")
    return found + (["LEAKY"] if arm.leaky else [])


def _value(point: Mapping[str, Any], key: str) -> Any:
    """The trial's value of an axis; None if the axis is inactive."""
    if key not in point:
        return None
    value = point[key]
    return value if isinstance(value, int | float) and not isinstance(value, bool) else (
        "none" if value is None else str(value)
    )  # fmt: skip


def _each(arm: Arm, scores: Format) -> str | None:
    found = arm.tests or arm.values
    told = [scores.score(found[seed]) for seed in sorted(found)]
    told += [f"seed {seed} diverged at step {step}" for seed, step in sorted(arm.diverged.items())]
    return ", ".join(told) or None
