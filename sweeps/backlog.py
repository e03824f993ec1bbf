"""What a slow reader of the sweep has still to do. The driver adds and never waits."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sweeps.schema import Report, Trial


@dataclass
class Work:
    """One trial: its newest row, the reports not yet handled, how many there are in all."""

    trial: Trial
    reports: list[Report]
    total: int


class Backlog:
    """Work by trial, so that it cannot grow with time; reports beyond ``limit`` are dropped.

    Args:
        limit: new reports held at most.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._work: dict[int, Work] = {}
        self._totals: dict[int, int] = {}
        self._unhandled = 0
        self._dropped = 0

    @property
    def lost(self) -> int:
        """Reports dropped or not yet handled: lost, if nothing more happens."""
        with self._lock:
            return self._dropped + self._unhandled

    def add(self, trial: Trial, reports: Sequence[Report] = (), *, bounded: bool = True) -> None:
        """Never blocks. ``bounded=False`` for what the ledger held at the launch."""
        with self._lock:
            room = max(0, self._limit - self._unhandled) if bounded else len(reports)
            taken = list(reports[:room])
            self._totals[trial.id] = self._totals.get(trial.id, 0) + len(reports)
            self._unhandled += len(taken)
            self._dropped += len(reports) - len(taken)
            self._merge(trial, taken)

    def take(self) -> list[Work]:
        """Everything there is; then ``handled`` or ``put_back``."""
        with self._lock:
            work, self._work = list(self._work.values()), {}
            return work

    def handled(self, work: Work) -> None:
        """It is done."""
        with self._lock:
            self._unhandled -= len(work.reports)

    def put_back(self, works: Sequence[Work]) -> None:
        """They could not be done now. What was added meanwhile is newer."""
        with self._lock:
            newer, self._work = self._work, {work.trial.id: work for work in works}
            for work in newer.values():
                self._merge(work.trial, work.reports)

    def _merge(self, trial: Trial, reports: list[Report]) -> None:
        before = self._work.get(trial.id)
        known = before.reports if before else []
        self._work[trial.id] = Work(trial, known + reports, self._totals[trial.id])
