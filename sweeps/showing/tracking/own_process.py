"""MLflow in a process of its own: its client would compete with the driver for Python's lock.

The driver only puts rows into a backlog. A thread sends what is there a few times a second, so a
trial that reports often is sent once. The process (``in_own_process``) may hang or die: the sweep
goes on, the backlog stays bounded, and the reports that MLflow may lack are counted.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sweeps.commands.reasons import first_line
from sweeps.record.schema import Report, Sweep, Trial
from sweeps.showing.tracking import TrackingSummary
from sweeps.showing.tracking.backlog import BacklogListener
from sweeps.showing.tracking.messages import Settings, columns, line, packed

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import signal, sys
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(number, signal.SIG_IGN)
from sweeps.machine.parent_process import end_with
end_with(int(sys.argv[1]), signal.SIGKILL)
from sweeps.showing.tracking.in_own_process import main
main()
"""
SEND_SECONDS = 0.25
ANSWER_SECONDS = 1.0
"""Of the time to close, so much is left for the process to say how it went."""
END_SECONDS = 5.0


class TrackerProcess(BacklogListener):
    """A ``Listener`` that tells an ``MlflowTracker`` in another process what it hears.

    The process starts at ``sweep_started``. It ends with the thread that calls that: on Ray the
    main thread.

    Args:
        settings: what the process needs; none of it is in its command line or environment.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.limit)
        self._settings = settings
        self._ended = False
        self._deadline = 0.0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._send_all, name="mlflow-sender", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._failure = "it was not started"
        self._summary: TrackingSummary | None = None
        self._sent = 0  # reports; only the thread changes this

    def sweep_started(
        self, sweep: Sweep, trials: Sequence[Trial], reports: Mapping[int, Sequence[Report]]
    ) -> None:
        super().sweep_started(sweep, trials, reports)
        try:
            self._process = _started()
        except OSError as error:
            self._failure = f"its process cannot be started: {first_line(error)}"
        self._thread.start()

    def sweep_ended(self, sweep: Sweep, trials: Sequence[Trial]) -> None:
        self._ended = True
        super().sweep_ended(sweep, trials)

    def close(self, timeout: float = 20.0) -> TrackingSummary:
        """Let the process write what is left, and end it; may be called twice.

        Args:
            timeout: the most seconds to wait; what MLflow may lack then is counted as dropped.
        """
        if self._summary is None:
            self._summary = self._close(time.monotonic() + timeout)
        return self._summary

    def end(self) -> None:
        """End the process at once: nothing more is written to MLflow."""
        process = self._process
        if process is not None:
            process.kill()  # before the thread hears of it: that would send what is left
        self._closing.set()
        if process is None:
            return
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS)
        self._thread.join(END_SECONDS)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None and not self._thread.is_alive():  # else the thread still uses it
                pipe.close()

    def _close(self, deadline: float) -> TrackingSummary:
        if self._sweep is None:
            return TrackingSummary(points=0, dropped=0, last_error=None)
        self._deadline = deadline
        self._closing.set()
        answer = self._answer(deadline)
        self.end()
        lost = self._backlog.lost
        if answer is None:
            return TrackingSummary(points=0, dropped=lost + self._sent, last_error=self._failure)
        return replace(answer, dropped=answer.dropped + lost)

    def _answer(self, deadline: float) -> TrackingSummary | None:
        """What the process says at its end; None, with ``_failure``, where it says nothing."""
        if self._process is None or self._process.stdout is None:
            return None
        pipe, said = self._process.stdout.fileno(), b""
        with selectors.DefaultSelector() as ready:
            ready.register(pipe, selectors.EVENT_READ)
            while ready.select(max(0.0, deadline - time.monotonic())):
                if piece := os.read(pipe, 65536):
                    said += piece
                    continue
                if said:
                    return TrackingSummary(**json.loads(said))
                self._failure = _end_of(self._process)
                return None
        self._failure = "its process did not answer in time"
        return None

    def _send_all(self) -> None:
        """Send what is heard until the tracker is closed. Where nobody reads, only count it."""
        self._send(self._settings.as_data())
        sent: Sweep | None = None
        closing = False
        while not closing:
            # Asked before the backlog: once closing, nothing is added, so all of it is sent.
            closing = self._closing.wait(0.0 if sent is None else SEND_SECONDS)
            first, sweep = sent is None, self._sweep
            if sweep is not sent and sweep is not None:
                self._send(("sweep", columns(sweep)))
                sent = sweep
            self._send_work()
            if first:
                self._send(("begun",))
        left = self._deadline - time.monotonic() - ANSWER_SECONDS
        self._send(("close", self._ended, max(0.0, left)))

    def _send_work(self) -> None:
        for work in self._backlog.take():
            self._send(("work", *packed(work)))
            self._sent += len(work.reports)
            self._backlog.handled(work)

    def _send(self, message: object) -> None:
        """Write a message to the process, where it lives; waits until it reads."""
        if self._process is None or self._process.stdin is None:
            return
        left = memoryview(line(message))
        with suppress(OSError):  # it has ended: ``close`` says so
            while left:
                left = left[os.write(self._process.stdin.fileno(), left) :]


def _started() -> subprocess.Popen[bytes]:
    """Start the process.

    Raises:
        OSError: it cannot be started.
    """
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return subprocess.Popen(
        [sys.executable or "", "-P", "-c", PROGRAM, str(os.getpid())],
        bufsize=0,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # the terminal shows the sweep
        start_new_session=True,  # Ctrl-C and a closed terminal do not reach it
    )


def _end_of(process: subprocess.Popen[bytes]) -> str:
    """How the process has ended, in words."""
    try:
        code = process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        return "its process does not answer any more"
    how = f"signal {-code}" if code < 0 else f"exit code {code}"
    return f"its process has ended ({how})"
