"""What stands above the cards: which sweep, how far it is."""

from __future__ import annotations

from analysis.findings import Findings
from analysis.page.assemble import Head
from sweeps.command_line import counted


def head(findings: Findings) -> Head:
    """The sweep in a line, and its question."""
    study, trust = findings.study, findings.trust
    about = study.about
    state = "finished" if study.ended else "running" if trust.counts["running"] else "not finished"
    total = sum(trust.counts.values())
    whole = trust.counts["complete"] == total and not trust.diverged_seeds
    size = f"{counted(total, 'trial')} × {counted(about['seeds'], 'seed')}"  # noqa: RUF001
    size += ", all complete" if whole and total else f", {trust.counts['complete']} complete"
    notes = [str(about["name"]), state, size]
    if trust.alarms:
        notes.append(counted(len(trust.alarms), "alarm"))
    return Head(name=str(about["name"]), question=str(about["question"]), notes=notes)
