"""The section on provenance: code, machine, command, methods, and what the paper says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.findings import Findings
from analysis.reading.paper import paper_note
from analysis.sections import said_words
from analysis.sections.card import Block, Card, Column, Command, Table
from analysis.sections.data_of_sweep import ProvenanceData
from sweeps.provenance.sources.recorded import has_patch, in_words

MOST_PATCH = 60_000
"""Most characters of a patch that a page shows; changes.diff has the whole patch."""
METHODS = (
    "The unit of evidence is a replicate: one trial with one seed. Seeds are paired: the same seed "
    "gives every arm the same data order and, as far as shared, the same initial values. A trial "
    "is selected on validation and reported on test.",
    "Each arm is compared with one reference, which is never chosen by its score. Differences are "
    "taken seed by seed; their noise is pooled over the arms where it may be (residual: score - "
    "arm mean - seed mean + grand mean), and an arm noisier than the pool brings its own. "
    "Intervals are simultaneous, 95 % over the whole table; verdicts follow from them alone. The "
    "exact sign-flip p-value needs no assumption and decides nothing.",
    "No difference larger than the margin is a verdict too (equivalence). A global test of no "
    "effect at all comes before any winner, rank or importance.",
    "Values of trials that were stopped early are never averaged with full ones; a seed that "
    "diverged counts against its arm; what sees the future is shown and never ranked.",
)


def card(findings: Findings) -> Card:
    """The card: methods, provenance, and the commands that repeat the sweep."""
    about = findings.study.about
    entries = _entries(about)
    commands = [
        Command(does="The command of this sweep, as it was given.", command=about["command"])
    ]
    blocks = []
    if has_patch(about["diff"]):
        commands.append(
            Command(
                does="It was run with changes that were not committed. On its commit, this makes "
                "them.",
                command="git apply changes.diff",
            )
        )
        patch = about["diff"]
        more = "" if len(patch) <= MOST_PATCH else "\n... the rest is in changes.diff\n"
        blocks.append(Block(title="The uncommitted changes", text=patch[:MOST_PATCH] + more))
    anew = (
        about["command"] if "--rerun" in about["command"].split() else f"{about['command']} --rerun"
    )
    commands.append(
        Command(
            does="The same command goes on where a sweep was stopped; this trains it anew. The "
            "same numbers come out.",
            command=anew,
        )
    )
    return Card(
        name="provenance",
        title="Methods and provenance",
        words=[f"In the paper. {paper_note(about['space'], about['base'])}", *METHODS],
        tables=[
            said_words.table(findings.study),
            Table(
                name="provenance",
                title="Where it comes from",
                columns=[Column(title="what"), Column(title="value")],
                rows=[[key, value] for key, value in entries.items()],
            ),
        ],
        commands=commands,
        blocks=blocks,
        data=ProvenanceData(
            sources=in_words(about["commit"], about["dirty"], about["diff"] or ""),
            paper=paper_note(about["space"], about["base"]),
            said=said_words.as_data(findings.study),
            commit=about["commit"],
            dirty=about["dirty"],
            code=about["code"],
            versions=about["versions"],
            hardware=about["hardware"],
            trained_on=about["trained_on"],
            plugins=about.get("plugins", []),
            own_data=_own_data(about) or None,
            command=about["command"],
            created=_time(about["created"]),
            finished=_time(about["finished"]),
        ),
    )


def _entries(about: Mapping[str, Any]) -> dict[str, str]:
    given = about["given"] or {}
    asked = f"{given.get('space')}, SHA-256 {given['sha256']}" if "sha256" in given else ""
    own = _own_data(about)
    found = {"the question's file": asked} if asked else {}
    found |= {"data": _data_in_words(own)} if own else {}
    return found | {
        "commit": in_words(about["commit"], about["dirty"], about["diff"] or ""),
        "all training code": about["code"] or "unknown",
        **({"from outside": "; ".join(words)} if (words := _plugins(about)) else {}),
        "sampler": f"{about['sampler']}, seed {about['sampler_seed']}",
        "seeds a trial": str(about["seeds"]),
        "versions": _listed(about["versions"]),
        "hardware": _listed(about["hardware"]),
        "trained on": "; ".join(about["trained_on"]) or "unknown",
        "began": _time(about["created"]) or "unknown",
        "ended": _time(about["finished"]) or "not yet",
    }


def _plugins(about: Mapping[str, Any]) -> list[str]:
    """Each mixer or task from outside, with its file and hash; the ledger has the text."""
    of_each = about.get("sweeps", {"": about}).values()
    return list(dict.fromkeys(each["words"] for own in of_each for each in own.get("plugins", ())))


def _own_data(about: Mapping[str, Any]) -> dict[str, Any]:
    """The person's own data, as the launch recorded them; empty where the task reads none."""
    found: dict[str, Any] = (about.get("given") or {}).get("data") or {}
    return found


def _data_in_words(own: Mapping[str, Any]) -> str:
    """The name, the size and the hash of each file, and the hash that is part of identity."""
    files = [f"{f['name']}, {f['bytes']:,} bytes, sha256 {f['sha256']}" for f in own["files"]]
    return "; ".join([*files, f"task.digest {own['digest']}"])


def _time(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _listed(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in values.items()) or "unknown"
