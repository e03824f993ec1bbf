"""Whether a sweep that was disturbed came to the same end as one that was not.

``watch`` looks into a ledger that somebody else is writing; ``judge`` takes the record of a sweep
that is over: its audit, and every number of its trials bit for bit.
"""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sweeps.record.ledger import Ledger
from sweeps.record.schema import TERMINAL, Report, Trial

ROOT = Path(__file__).parent.parent
NAME = "torture"
TIMING = ("seconds", "seconds_per_step", "peak_bytes")
"""Of this run of a trial, not of the trial."""
SHOWN = 3
"""Lines of what is wrong with one sweep, for people."""


@dataclass
class Seen:
    """A ledger at one moment; what was finished then must still stand at the end."""

    trials: list[tuple[str, str, int, str | None]] = field(default_factory=list)
    """Each trial's id, state, step and when it ended."""

    def finished(self) -> dict[str, str]:
        return {t[0]: str(t[3]) for t in self.trials if t[1] in TERMINAL}

    def __str__(self) -> str:
        if not self.trials:
            return "no trial yet"
        steps = ", ".join(str(t[2]) for t in self.trials if t[1] == "running" and t[2])
        ended = len(self.finished())
        return f"{ended} of {len(self.trials)} ended" + (f", running at {steps}" if steps else "")


def watch(home: Path) -> Seen:
    """The ledger as it stands, read without leaving a trace in it."""
    if not (home / "ledger.db").exists():
        return Seen()
    try:
        with closing(sqlite3.connect(f"file:{home}/ledger.db?mode=ro", uri=True)) as database:
            rows = database.execute("select trial_id, state, step, finished from trials")
            return Seen(rows.fetchall())
    except sqlite3.OperationalError:  # its tables are being made
        return Seen()


@dataclass(frozen=True)
class Record:
    """How a sweep ended."""

    trials: list[Trial]
    reports: dict[int, list[Report]]

    @classmethod
    def of(cls, home: Path) -> Record:
        ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
        try:
            sweep = ledger.find_sweep(NAME)
            assert sweep is not None, f"no sweep {NAME!r} in {home}"
            trials = ledger.trials(sweep)
            return cls(trials, ledger.reports(trials))
        finally:
            ledger.close()

    @property
    def retries(self) -> int:
        return sum(trial.retries for trial in self.trials)

    @property
    def replicates(self) -> int:
        return sum(len(trial.replicates) for trial in self.trials)

    def curve(self, trial: Trial) -> dict[int, dict[str, Any]]:
        """By step, every number that the trial decides."""
        return {
            report.step: {k: v for k, v in report.metrics.items() if k not in TIMING}
            for report in self.reports[trial.id]
        }

    def outcome(self, trial: Trial) -> dict[str, Any]:
        """Everything about a trial that must not depend on what died meanwhile."""
        seeds = [(r.seed, r.state, r.step, r.value, r.test) for r in trial.replicates]
        columns = ("number", "point", "config", "state", "reason", "value", "test", "step")
        return {
            **{name: getattr(trial, name) for name in columns},
            "seeds": seeds,
            "curve": self.curve(trial),
        }


def judge(home: Path, *, seen: dict[str, str], reference: Record | None, exact: bool) -> list[str]:
    """What breaks the law in ``home``, a line each; none when all is well.

    Args:
        home: of a sweep that is over.
        seen: when each trial ended that was seen to have ended.
        reference: the same sweep, undisturbed.
        exact: it must have the same trials; otherwise those are compared that both have (with two
            trials at a time, what TPE proposes and prunes depends on which of them is quicker).
    """
    record = Record.of(home)
    now = {t.trial_id: str(t.finished) for t in record.trials}
    redone = [
        f"{trial_id} ended {when}, and again {now.get(trial_id)}"
        for trial_id, when in seen.items()
        if not now.get(trial_id, "").startswith(when)
    ]
    differs = compare(record, reference, exact=exact) if reference else []
    return audit(home) + redone + differs


def audit(home: Path) -> list[str]:
    """What the audit says is wrong."""
    words = [sys.executable, "sweeps/audit.py", "--sweep", NAME, "--home", str(home)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return []
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return [f"audit, exit {done.returncode}: {line}" for line in lines]


def compare(record: Record, reference: Record, *, exact: bool) -> list[str]:
    """Where two runs of the same sweep differ."""
    theirs = {trial.trial_id: trial for trial in reference.trials}
    found = []
    for trial in record.trials:
        other = theirs.get(trial.trial_id)
        if other is None:
            found += [f"{trial.trial_id} was not proposed in the undisturbed run"] * exact
        elif exact or trial.state == other.state == "complete":
            found += _differences(trial, record.outcome(trial), reference.outcome(other), exact)
        else:
            curve, expected = record.curve(trial), reference.curve(other)
            steps = sorted(curve.keys() & expected.keys())
            wrong = [step for step in steps if curve[step] != expected[step]]
            found += [f"{trial.trial_id} has other numbers at steps {wrong}"] if wrong else []
    missing = theirs.keys() - {trial.trial_id for trial in record.trials}
    return found + [f"{trial_id} is missing" for trial_id in sorted(missing) if exact]


def _differences(
    trial: Trial, mine: dict[str, Any], theirs: dict[str, Any], exact: bool
) -> list[str]:
    keys = [key for key in mine if mine[key] != theirs[key] and (exact or key != "number")]
    return [
        f"{trial.trial_id}: {key} is {_short(mine[key])}, undisturbed {_short(theirs[key])}"
        for key in keys[:SHOWN]
    ]


def _short(value: Any) -> str:
    if isinstance(value, dict) and all(isinstance(key, int) for key in value):
        value = list(value)  # a curve: its steps
    return str(value)[:120]
