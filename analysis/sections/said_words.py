"""What was declared for a sweep, whether before its first trial, and changes of its plan."""

from __future__ import annotations

from typing import Any

from analysis.reading.metric import read_metric
from analysis.reading.study import Study
from analysis.sections.card import Column, Table
from sweeps.commands.command_line import counted

BEFORE, AFTER = "before the first trial", "after the first trial had begun: exploratory"


def sentences(study: Study) -> list[str]:
    """One paragraph for the first screen; empty if nothing was declared and nothing changed."""
    plan = study.plan
    found = []
    if plan.hypothesis:
        found.append(f"Hypothesis, said {_when(plan.hypothesis_before)}: “{plan.hypothesis}”")
    if plan.margin is not None:
        found.append(f"A margin of {plan.margin:g} was said {_when(plan.margin_before)}.")
        if study.metric.margin is not None and study.metric.margin != plan.margin:
            found.append(f"This report was asked to take {study.metric.margin:g} in its place.")
    if plan.deviations:
        many, late = len(plan.deviations), sum(deviation.late for deviation in plan.deviations)
        which = "" if late == many else f"{late} of them "
        after = f", {which}after the first trial had begun" if late else ""
        found.append(f"{counted(many, 'change')} of the plan{after}: see Methods and provenance.")
    return [" ".join(found)] if found else []


def table(study: Study) -> Table:
    """The hypothesis, the margin, and every change of the plan."""
    plan = study.plan
    margin = study.metric.margin
    own = read_metric(study.about["metric"], study.about["direction"]).margin
    whose = "the metric's own" if margin == own else "given to this report"
    told = "none" if margin is None else f"{margin:g}, {whose}"
    rows: list[list[Any]] = [
        ["hypothesis", plan.hypothesis or "none", _when(plan.hypothesis_before)]
        if plan.hypothesis
        else ["hypothesis", "none was said", None],
        ["margin", f"{plan.margin:g}", _when(plan.margin_before)]
        if plan.margin is not None
        else ["margin", told, None],
    ]
    for deviation in plan.deviations:
        hour = f"{deviation.at:%Y-%m-%d %H:%M} UTC"
        since = "after the first trial had begun" if deviation.late else BEFORE
        rows.append(["change", deviation.words, f"{hour}, {since}"])
    columns = [Column(title="what"), Column(title="words"), Column(title="said")]
    return Table(
        name="said", title="What was said, and every change of the plan", columns=columns, rows=rows
    )


def as_data(study: Study) -> dict[str, Any]:
    """The declarations and changes as plain data for summary.json."""
    plan = study.plan
    return {
        "hypothesis": plan.hypothesis or None,
        "hypothesis_before": plan.hypothesis_before,
        "margin": plan.margin,
        "margin_before": plan.margin_before,
        "deviations": [
            {"at": d.at.isoformat(timespec="seconds"), "words": d.words, "late": d.late}
            for d in plan.deviations
        ],
    }


def _when(before: bool) -> str:
    return BEFORE if before else AFTER
