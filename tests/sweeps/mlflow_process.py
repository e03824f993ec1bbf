"""A tracker in a process of its own, under a lease, and what a driver may tell it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

from sweeps.driving.events import Listener
from sweeps.record.lease import hold
from sweeps.record.ledger import Ledger
from sweeps.record.transactions import Held
from sweeps.showing.tracking.messages import Settings
from sweeps.showing.tracking.own_process import TrackerProcess
from tests.narrowing import known
from tests.sweeps import audited_home as of
from tests.sweeps.listener_rows import (
    START,
    ended,
    make_report,
    make_reports,
    make_sweep,
    make_trial,
)
from tests.sweeps.mlflow_database import Mlflow

SWEEP = make_sweep(finished=START + timedelta(hours=1))
KNOWN = ended(0, value=0.2, test=0.19)


def settings(mlflow: Mlflow, held: Held, **changes: Any) -> Settings:
    places: dict[str, Any] = {
        "uri": mlflow.uri,
        "artifacts": mlflow.folder / "artifacts",
        "ledger_url": f"sqlite:///{mlflow.folder / 'ledger.db'}",
        "held": held,
        "flush_seconds": 0.01,
    }
    return Settings(**places | changes)


@contextmanager
def tracking(mlflow: Mlflow, **changes: Any) -> Iterator[TrackerProcess]:
    """A tracker under a lease, as a launch has it; its process does not outlive the block."""
    with closing(Ledger(f"sqlite:///{mlflow.folder / 'ledger.db'}")) as ledger:
        sweep = ledger.find_sweep(of.NAME) or of.add_sweep(ledger)[2]
        with hold(ledger, sweep):
            tracker = TrackerProcess(settings(mlflow, known(ledger.held), **changes))
            try:
                yield tracker
            finally:
                tracker.end()


def process_of(tracker: TrackerProcess) -> subprocess.Popen[bytes]:
    return known(tracker._process)


def tell(listener: Listener) -> None:
    """A relaunch that finds one trial and trains four more, with every event there is."""
    listener.sweep_started(make_sweep(), [KNOWN], {KNOWN.id: make_reports(KNOWN)})
    trials = [ended(n, value=n / 10) for n in (1, 2)]
    trials += [ended(3, "failed", error="Traceback: NaN"), ended(4, "pruned", reason="worse")]
    for trial in trials:
        listener.trial_started(make_sweep(), make_trial(trial.number))
        listener.started_over(make_sweep(), make_trial(trial.number, note="no checkpoint"))
        for report in make_reports(trial):
            listener.reported(make_sweep(), make_trial(trial.number, step=report.step), report)
        listener.trial_ended(make_sweep(), trial)
    listener.sweep_ended(SWEEP, [KNOWN, *trials])


def start_one(tracker: TrackerProcess) -> None:
    tracker.sweep_started(make_sweep(), [], {})
    tracker.trial_started(make_sweep(), make_trial())
    tracker.reported(make_sweep(), make_trial(), make_report(make_trial(), 50))


def content(mlflow: Mlflow) -> list[list[Any]]:
    return [sorted(mlflow.sql(f"select * from {t}"), key=repr) for t in ("runs", "tags", "metrics")]


def is_written(mlflow: Mlflow) -> bool:
    return len(mlflow.run_ids()) == 1 and bool(mlflow.points(mlflow.run_id()))
