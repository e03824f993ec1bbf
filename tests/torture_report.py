"""What a torture counts, and the summary that is committed."""

from __future__ import annotations

import time
from collections import Counter

from sweeps.provenance.launch_origin import commit, hardware, versions
from sweeps.provenance.sources.recorded import in_words
from tests.torture_judge import Record


class Tally:
    """Counts, over all sweeps."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.kills: Counter[str] = Counter()
        self.sweeps = self.trials = self.replicates = self.retries = self.launches = 0
        self.lingering = 0
        """Processes of a dead launch that were still there when the next one had died too."""
        self.violations: list[str] = []

    @property
    def count(self) -> int:
        return self.kills.total()

    def killed(self, target: str) -> int:
        self.kills[target] += 1
        return self.count

    def blame(self, *violations: str) -> None:
        for violation in violations:
            print(f"VIOLATION {violation}", flush=True)
        self.violations += violations

    def add(self, record: Record) -> int:
        """A tortured sweep is over; returns its number, from 0."""
        self.sweeps += 1
        self.trials += len(record.trials)
        self.replicates += record.replicates
        self.retries += record.retries
        return self.sweeps - 1

    def lines(self) -> list[str]:
        """A table in Markdown."""
        rows = {f"kills: {target}": n for target, n in sorted(self.kills.items())}
        rows |= {
            "kills": self.count,
            "sweeps": self.sweeps,
            "trials": self.trials,
            "replicates": self.replicates,
            "launches": self.launches,
            "workers lost and replaced": self.retries,
            "processes left behind, then killed": self.lingering,
            "minutes": round((time.monotonic() - self.began) / 60),
            "violations": len(self.violations),
        }
        return ["| what | how many |", "|---|---|", *(f"| {k} | {n} |" for k, n in rows.items())]


def summarise(command: str, tally: Tally) -> str:
    """Command, commit, hardware, versions and the table, in Markdown."""
    machine = hardware()
    lines = [
        "# Torture: what runs a sweep is killed until it is done",
        "",
        f"- command: `{command}`",
        f"- commit: {in_words(**commit())}",
        f"- hardware: {machine['cpu']}, {machine['cpus']} cores, {machine['system']}",
        f"- versions: {', '.join(f'{name} {found}' for name, found in versions().items())}",
        "",
        *tally.lines(),
        *(f"- VIOLATION {violation}" for violation in tally.violations),
    ]
    return "\n".join(lines)
