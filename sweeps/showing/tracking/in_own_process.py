"""MLflow's own process: it hears what the launcher says on its standard input.

It ends with the launcher. No signal but SIGKILL ends it before that: the launcher decides when
MLflow is complete.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import IO, Any

from focus_core.outside.loading import plugged
from sweeps.record.lease_reader import LeaseReader
from sweeps.record.schema import Sweep
from sweeps.showing.tracking import MlflowTracker, TrackingSummary
from sweeps.showing.tracking.backlog import Work
from sweeps.showing.tracking.messages import Columns, Settings, line, row_of, unpacked


def main() -> None:
    """Hear the launcher until it closes, answer with the ``TrackingSummary``, and end.

    Nothing is written once the input ends without the launcher's closing: the launcher is gone.
    """
    code = 1
    try:
        heard, answers = _moved(0, os.O_RDONLY), _moved(1, os.O_WRONLY)
        with open(heard, "rb") as messages:
            summary = hear(messages)
        os.write(answers, line(asdict(summary)))
        code = 0
    finally:
        os._exit(code)  # the tracker's thread may still wait for MLflow


def _moved(number: int, flags: int) -> int:
    """A new number for a standard stream, so that no library reads or writes what is ours."""
    moved = os.dup(number)
    os.dup2(os.open(os.devnull, flags), number)
    return moved


def hear(messages: IO[bytes]) -> TrackingSummary:
    """Do what the messages say, up to the closing one.

    Raises:
        EOFError: the messages end before the closing one.
        UserError: a plugin cannot be loaded here.
    """
    settings = Settings.from_data(_next(messages))
    with plugged(settings.plugins):
        hearing = _Hearing(
            MlflowTracker(
                settings.uri,
                settings.artifacts,
                flush_seconds=settings.flush_seconds,
                limit=settings.limit,
                may_write=LeaseReader(settings.ledger_url, settings.held).is_ours,
            )
        )
        while hearing.summary is None:
            kind, *said = _next(messages)
            getattr(hearing, kind)(*said)
    return hearing.summary


def _next(messages: IO[bytes]) -> Any:
    """The next message.

    Raises:
        EOFError: there is none.
    """
    said = messages.readline()
    if not said.endswith(b"\n"):
        raise EOFError
    return json.loads(said)


class _Hearing:
    """Tells a tracker what the messages say: each public method is a kind of message."""

    def __init__(self, tracker: MlflowTracker) -> None:
        self.summary: TrackingSummary | None = None
        self._tracker = tracker
        self._sweep: Sweep | None = None
        self._first: list[Work] | None = []
        """What is heard before ``begun``; None from then on."""

    def sweep(self, columns: Columns) -> None:
        """The sweep's row, before anything else and after each change."""
        self._sweep = row_of(Sweep, columns)

    def work(self, trial: Columns, reports: Sequence[Columns], complete: bool) -> None:
        """The newest row of a trial, and new reports of it."""
        work = unpacked(trial, reports, complete)
        if self._first is None:
            self._tell(work)
        else:
            self._first.append(work)

    def begun(self) -> None:
        """All that the ledger had at the launch has been said."""
        first, self._first = self._first or [], None
        known = [work for work in first if work.complete]
        reports = {work.trial.id: work.reports for work in known}
        self._tracker.sweep_started(self._known_sweep(), [work.trial for work in known], reports)
        for work in first:
            if not work.complete:
                self._tell(work)

    def close(self, ended: bool, seconds: float) -> None:
        """Nothing more is said; ``ended``: whether ``sweep_ended`` was told."""
        if ended:
            self._tracker.sweep_ended(self._known_sweep(), [])
        self.summary = self._tracker.close(seconds)

    def _tell(self, work: Work) -> None:
        self._tracker.trial_started(self._known_sweep(), work.trial)
        for report in work.reports:
            self._tracker.reported(self._known_sweep(), work.trial, report)

    def _known_sweep(self) -> Sweep:
        assert self._sweep is not None
        return self._sweep
