"""A judgement as one line, and as JSON (docs/asking.md)."""

from __future__ import annotations

from typing import Any

from analysis.asking.judge import Judgement
from analysis.findings import Findings
from analysis.page.summary import plain
from analysis.sections.digits import study_format
from analysis.sections.sentences import notes
from analysis.sections.verdict import duration
from sweeps.commands.command_line import counted

VERSION = 1


def line(found: Judgement, findings: Findings) -> str:
    """The answer, the interval, the seeds that would decide, their time and the command."""
    study = findings.study
    parts = [f"{found.answer}: {found.question}", *_evidence(found, findings)]
    parts += [found.why] if found.why else []
    if found.step is not None:
        step = found.step
        parts.append(
            f"{step.seeds} seeds would decide it in four of five tries: "
            f"{counted(step.trainings, 'training')} more, {duration(step.seconds)} one after the "
            f"other{f': {step.command}' if step.command else ''}"
        )
    elif found.answer == "not yet" and found.difference is not None and not found.why:
        parts.append("no number of seeds up to 300 would decide it, as the difference is now")
    return " ".join(["; ".join(parts), *(f"({caveat})" for caveat in study.caveats)])


def _evidence(found: Judgement, findings: Findings) -> list[str]:
    if found.difference is None:
        return []
    scores = study_format(findings.study)
    split = "" if findings.study.one_split else "test "
    interval = ""
    if found.low is not None:
        interval = f"95 %: {scores.interval(found.low, found.high, signed=True)}; "
    return [
        f"{scores.difference(found.difference)} {split}{findings.study.metric.name} "
        f"({interval}{counted(found.seeds, 'seed')})"
    ]


def as_data(found: Judgement, findings: Findings) -> dict[str, Any]:
    """The judgement as plain data."""
    study, question, step = findings.study, found.question, found.step
    data: dict[str, Any] = plain(
        {
            "version": VERSION,
            "question": str(question),
            "left": question.left,
            "right": question.right,
            "relation": question.relation,
            "amount": question.amount,
            "sweep": study.about["name"],
            "metric": {
                "name": study.metric.name,
                "direction": "maximize" if study.metric.maximize else "minimize",
                "margin": study.metric.margin,
            },
            "answer": found.answer,
            "why": found.why,
            "difference": found.difference,
            "low": found.low,
            "high": found.high,
            "seeds": found.seeds,
            "holds_for": found.family,
            "look": findings.comparisons.look,
            "plan": step
            and {
                "seeds": step.seeds,
                "trainings": step.trainings,
                "seconds": step.seconds,
                "command": step.command,
            },
            "notes": notes(study, findings.comparisons),
        }
    )
    return data
