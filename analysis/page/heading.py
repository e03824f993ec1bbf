"""The head of a page: which sweep it is about, and how far the sweep is."""

from __future__ import annotations

from analysis.findings import Findings
from analysis.findings.trust import TrustFindings
from analysis.page.assemble import Head
from sweeps.commands.command_line import counted


def head(findings: Findings) -> Head:
    """The sweep's name, its question, and notes on its state."""
    study, trust = findings.study, findings.trust
    about = study.about
    state = "finished" if study.ended else "running" if trust.counts["running"] else "not finished"
    notes = [state]
    total = sum(trust.counts.values())
    if trust.counts["complete"] < total:
        notes.append(f"{trust.counts['complete']} of {counted(total, 'trial')} complete")
    if trust.alarms:
        notes.append(counted(len(trust.alarms), "alarm"))
    else:
        notes += _well(trust)
    return Head(name=str(about["name"]), question=str(about["question"]), notes=notes)


def _well(trust: TrustFindings) -> list[str]:
    """Good results of the certificates: no leak, all filters stable; only what was measured."""
    said = []
    if not trust.leaky and any(row["leak"] is not None for row in trust.certificates):
        said.append("nothing leaks")
    poles = [row["stability"] for row in trust.certificates if row["stability"]]
    if poles and all(stability == "stable" for stability in poles):
        said.append("every filter stable")
    return said
