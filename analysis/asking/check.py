"""``--check``: judges every claim of a file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any, Literal

from analysis.asking.claims import Claim, Written, read_claims, written
from analysis.asking.evidence import Answer
from analysis.asking.judge import Judgement, judge
from analysis.asking.told import VERSION, line
from analysis.asking.told import as_data as judgement_data
from analysis.findings import Findings
from analysis.reading.study import Study
from focus_core.errors import UserError

Verdict = Literal["confirmed", "refuted", "undecided", "inadmissible"]
OF_ANSWER: dict[Answer, Verdict] = {
    "yes": "confirmed",
    "no": "refuted",
    "not yet": "undecided",
}
MINUTE = "%Y-%m-%d %H:%M UTC"


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A claim with its verdict.

    Attributes:
        claim: the claim as the file has it.
        verdict: the result of the check.
        why: why the claim is inadmissible; empty if it is admissible.
        judgement: what the trials say, also about an inadmissible claim.
        findings: the findings of the sweep that judges the claim.
    """

    claim: Claim
    verdict: Verdict
    why: str
    judgement: Judgement
    findings: Findings


def check(path: Path, load: Callable[[str | None], Findings]) -> list[Checked]:
    """Judge every claim of a file.

    Args:
        path: the file of claims.
        load: the findings of the sweep of this name; for None, of the report's sweep.

    Raises:
        UserError: the file cannot be read, or a claim names something that does not exist.
    """
    known: dict[str | None, Findings] = {}
    claims = read_claims(path)
    since, checked = written(path), []
    for number, claim in enumerate(claims, 1):
        try:
            if claim.sweep not in known:
                known[claim.sweep] = load(claim.sweep)
            judgement = judge(known[claim.sweep], claim.question)
        except UserError as error:
            raise UserError(f"{path}, claim {number}: {error}") from None
        found = known[claim.sweep]
        why = inadmissible(found.study, since)
        verdict: Verdict = "inadmissible" if why else OF_ANSWER[judgement.answer]
        checked.append(
            Checked(claim=claim, verdict=verdict, why=why, judgement=judgement, findings=found)
        )
    return checked


def inadmissible(study: Study, since: Written) -> str:
    """Why these trials may not judge a claim written at that time; empty where they may.

    Added seeds do not count as a deviation: the intervals are widened for each look.
    """
    if any(arm.started is None and (arm.values or arm.diverged) for arm in study.trials):
        return "it is not known when the trials of its sweep began"
    if study.began is not None and since.at >= study.began:
        when = f"{since.at.astimezone(UTC):{MINUTE}} by {since.source}"
        return f"written {when}, after the first trial began at {study.began:{MINUTE}}"
    late = [one.words for one in study.plan.deviations if one.late and not one.paid]
    return f"the sweep deviated from its plan: {'; '.join(late)}" if late else ""


def lines(checked: list[Checked]) -> list[str]:
    """One line per claim."""
    return [
        f"{one.verdict}: {f'{one.why}; the trials say ' if one.why else ''}"
        f"{line(one.judgement, one.findings)}"
        for one in checked
    ]


def as_data(path: Path, checked: list[Checked]) -> dict[str, Any]:
    """The verdicts as plain data (docs/asking.md)."""
    since = written(path)
    return {
        "version": VERSION,
        "file": str(path),
        "written": since.at.isoformat(timespec="seconds"),
        "written_by": since.source,
        "claims": [
            {
                "verdict": one.verdict,
                "inadmissible": one.why,
                "why": one.claim.why,
                "judgement": judgement_data(one.judgement, one.findings),
            }
            for one in checked
        ],
    }
