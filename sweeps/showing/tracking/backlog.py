"""The work that a slow listener has still to do. The driver adds work and never waits."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweeps.driving.events import Listener
from sweeps.record.schema import Report, Sweep, Trial


@dataclass
class Work:
    """One trial: its newest row, and its reports that are not handled yet.

    ``complete`` says whether these are all reports of the trial in the ledger.
    """

    trial: Trial
    reports: list[Report]
    complete: bool


class Backlog:
    """Work grouped by trial, so that rows do not pile up; reports beyond ``limit`` are dropped.

    Args:
        limit: the most new reports held.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._work: dict[int, Work] = {}
        self._unhandled = 0
        self._dropped = 0

    @property
    def lost(self) -> int:
        """The number of reports dropped or not yet handled: lost, if nothing more happens."""
        with self._lock:
            return self._dropped + self._unhandled

    def add(self, trial: Trial, reports: Sequence[Report] = ()) -> None:
        """Add something new about a trial. Never waits for the work to be handled."""
        with self._lock:
            taken = list(reports[: max(0, self._limit - self._unhandled)])
            self._dropped += len(reports) - len(taken)
            self._merge(Work(trial, taken, complete=False), lost=len(taken) < len(reports))
            self._unhandled += len(taken)

    def add_all(self, trial: Trial, reports: Sequence[Report]) -> None:
        """Add all reports that the ledger has of a trial at the launch, whatever the limit."""
        with self._lock:
            self._work[trial.id] = Work(trial, list(reports), complete=True)
            self._unhandled += len(reports)

    def take(self) -> list[Work]:
        """Take all work; the caller then calls ``handled`` or ``put_back`` for it."""
        with self._lock:
            work, self._work = list(self._work.values()), {}
            return work

    def handled(self, work: Work) -> None:
        """Say that ``work`` is done."""
        with self._lock:
            self._unhandled -= len(work.reports)

    def put_back(self, works: Sequence[Work]) -> None:
        """Put back what could not be done now. What was added meanwhile is newer and wins."""
        with self._lock:
            newer, self._work = self._work, {work.trial.id: work for work in works}
            for work in newer.values():
                self._merge(work)

    def _merge(self, newer: Work, *, lost: bool = False) -> None:
        before = self._work.get(newer.trial.id)
        if before is not None:
            complete = before.complete and not lost
            newer = Work(newer.trial, before.reports + newer.reports, complete)
        self._work[newer.trial.id] = newer


class BacklogListener(Listener):
    """A ``Listener`` that only puts what it hears into a backlog, so that the driver never waits.

    Args:
        limit: the most new reports held.
    """

    def __init__(self, limit: int) -> None:
        self._backlog = Backlog(limit)
        self._sweep: Sweep | None = None

    def sweep_started(
        self, sweep: Sweep, trials: Sequence[Trial], reports: Mapping[int, Sequence[Report]]
    ) -> None:
        self._sweep = sweep
        for trial in trials:
            self._backlog.add_all(trial, reports.get(trial.id, ()))

    def trial_started(self, sweep: Sweep, trial: Trial) -> None:
        self._hear(sweep, trial)

    def started_over(self, sweep: Sweep, trial: Trial) -> None:
        self._hear(sweep, trial)

    def reported(self, sweep: Sweep, trial: Trial, report: Report) -> None:
        self._hear(sweep, trial, report)

    def trial_ended(self, sweep: Sweep, trial: Trial) -> None:
        self._hear(sweep, trial)

    def sweep_ended(self, sweep: Sweep, trials: Sequence[Trial]) -> None:
        self._sweep = sweep
        for trial in trials:
            self._hear(sweep, trial)

    def _hear(self, sweep: Sweep, trial: Trial, *reports: Report) -> None:
        self._sweep = sweep
        self._backlog.add(trial, reports)
