"""The MLflow tracker: a listener whose own thread keeps MLflow in step with the ledger.

The tracker can neither slow nor end a sweep. The driver only puts rows into a backlog. After an
error the thread tries again, and the tracker tells the last error at the end. The ledger has what
MLflow missed: the next launch of the same sweep writes it to MLflow.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sweeps.commands.command_line import counted
from sweeps.commands.reasons import first_line
from sweeps.commands.redact import hide_secrets_of
from sweeps.evidence.ranking import Leaks
from sweeps.planning.destinations import check_schema
from sweeps.record.schema import Report, Sweep, Trial
from sweeps.showing.tracking.backlog import BacklogListener, Work
from sweeps.showing.tracking.clients import quiet_client
from sweeps.showing.tracking.database import prepare_database
from sweeps.showing.tracking.faults import remedy
from sweeps.showing.tracking.runs import SweepRuns

MAX_PAUSE = 30.0  # seconds between attempts while MLflow does not answer
LAST_ATTEMPTS = 3  # attempts once the tracker is closing


@dataclass(frozen=True)
class TrackingSummary:
    """How many reports of one launch MLflow has; the summary's text is one line for people."""

    points: int
    dropped: int
    last_error: str | None
    remedy: str | None = None
    """What a person must do about the error; None where it may pass by itself."""

    def __str__(self) -> str:
        if not self.dropped and self.last_error is None:
            return f"MLflow: {counted(self.points, 'point')} logged"
        again = "the same command brings them in"
        if self.remedy is not None:
            again = f"{self.remedy}; after that {again}"
        return (
            f"MLflow missed {counted(self.dropped, 'point')} "
            f"({self.last_error or 'not taken in time'}); the ledger has them, {again}"
        )


class _NoLongerOursError(Exception):
    """Another launcher drives the sweep now, so the thread must end."""


class MlflowTracker(BacklogListener):
    """A ``Listener`` that writes one parent run per sweep and one child run per trial.

    Args:
        uri: MLflow's tracking URI. An SQLite database is made if it is missing.
        artifacts: folder for artifacts; not used where ``uri`` is a server's: the server decides.
        flush_seconds: time between writes.
        limit: the most reports held while MLflow does not answer; more are dropped and counted.
        may_write: asked before each write. Once it returns False, nothing more is written, because
            the runs belong to another launcher.
    """

    def __init__(
        self,
        uri: str,
        artifacts: Path | None,
        *,
        flush_seconds: float = 1.0,
        limit: int = 20_000,
        may_write: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(limit)
        self._uri = uri
        self._artifacts = None if uri.startswith(("http:", "https:")) else artifacts
        self._flush_seconds = flush_seconds
        self._may_write = may_write
        self._state = "running"
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="mlflow-tracker", daemon=True)
        # Only the thread changes the attributes below.
        self._runs: SweepRuns | None = None
        self._trials: dict[int, Trial] = {}
        self._leaks = Leaks()
        self._points = 0
        self._pause = 0.0
        self._error: str | None = None
        self._remedy: str | None = None
        self._in_step = False

    def sweep_started(
        self, sweep: Sweep, trials: Sequence[Trial], reports: Mapping[int, Sequence[Report]]
    ) -> None:
        super().sweep_started(sweep, trials, reports)
        self._thread.start()

    def sweep_ended(self, sweep: Sweep, trials: Sequence[Trial]) -> None:
        self._state = "killed" if sweep.finished is None else "complete"
        super().sweep_ended(sweep, trials)

    def close(self, timeout: float = 20.0) -> TrackingSummary:
        """Write what is left, and close open runs as killed; may be called twice.

        Args:
            timeout: the most seconds to wait; what is left then is dropped and counted.
        """
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        lost = self._backlog.lost
        if not lost and self._in_step:
            return TrackingSummary(points=self._points, dropped=0, last_error=None)
        return TrackingSummary(self._points, lost, self._error, self._remedy)

    def _work(self) -> None:
        with suppress(_NoLongerOursError):
            self._in_step = self._keep_in_step()

    def _keep_in_step(self) -> bool:
        """Write until the tracker is closed; whether MLflow had everything at the end."""
        attempts = LAST_ATTEMPTS
        while attempts:
            # Asked before the flush: once closing, no work is added, so the flush has all of it.
            closing = self._closing.wait(self._pause)
            if self._flush():
                self._pause = self._flush_seconds
                if closing and self._end():
                    return True
            else:
                self._pause = min(MAX_PAUSE, 2 * self._pause + self._flush_seconds)
            if closing:
                attempts -= 1
                time.sleep(min(0.2, self._flush_seconds))
        return False

    def _flush(self) -> bool:
        """Write all waiting work; whether all of it was written."""
        work = self._backlog.take()
        for item in work:
            self._trials[item.trial.id] = item.trial
            for report in item.reports:
                self._leaks.hear(item.trial.id, report.step, report.metrics)
        while work:
            if not self._attempt(lambda runs, sweep: self._mirror(runs, sweep, work[0])):
                # The failed item goes last, so that it does not keep back the others for ever.
                self._backlog.put_back(work[1:] + work[:1])
                return False
            self._backlog.handled(work.pop(0))
            self._pause = 0.0
        trials = list(self._trials.values())
        return self._attempt(lambda runs, sweep: self._mirror_sweep(runs, sweep, trials))

    def _mirror(self, runs: SweepRuns, sweep: Sweep, item: Work) -> None:
        self._points += runs.mirror(sweep, item.trial, item.reports, complete=item.complete)

    def _mirror_sweep(self, runs: SweepRuns, sweep: Sweep, trials: list[Trial]) -> None:
        runs.mirror_sweep(sweep, trials, self._state, self._leaks)

    def _end(self) -> bool:
        return self._attempt(lambda runs, _: runs.kill_open())

    def _attempt(self, action: Callable[[SweepRuns, Sweep], None]) -> bool:
        assert self._sweep is not None
        if not self._may_write():
            raise _NoLongerOursError
        try:
            if self._runs is None:
                self._runs = SweepRuns(connect(self._uri), self._sweep, self._artifacts)
            action(self._runs, self._sweep)
        except Exception as error:  # noqa: BLE001 - nothing that MLflow does may end a sweep
            self._error = hide_secrets_of(self._uri, first_line(error))
            self._remedy = remedy(error)
            self._runs = None  # what was written is unknown: read MLflow again
            return False
        return True


def connect(uri: str) -> Any:
    """A quiet client for ``uri``; the database of a file is made if there is none.

    Raises:
        UserError: the database does not have the schema of the installed MLflow.
        Exception: whatever MLflow raises when ``uri`` is not valid, or does not answer.
    """
    check_schema(uri, "MLFLOW_TRACKING_URI")  # MLflow would upgrade some old databases unasked
    prepare_database(uri)
    return quiet_client(uri)
