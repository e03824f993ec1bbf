"""In a trial's worker: too much memory, too long silent or too long at work ends the process.

A worker that ends is an ordinary lost worker: Ray moves the trial, which goes on from its
checkpoint. Why it ended is left beside the checkpoint, for the driver to read.
"""

from __future__ import annotations

import faulthandler
import math
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

from pyarrow import fs

from sweeps.outside import text_of
from sweeps.settings import number
from sweeps.state_file import make_folder

LOOK_SECONDS = 0.2
REASON = "lost.txt"
"""One line, written whole: why the guard ended the worker."""
STACK = "stack.txt"
"""Where every thread was when there had been no report for too long; empty otherwise."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a trial may take, and a sweep may lose; 0 is no limit."""

    rss_gb: float = 0.0
    hang_seconds: float = 1800.0
    """Since the last report, or since the start."""
    trial_seconds: float = 0.0
    """Of one attempt."""
    most_lost: int = 3
    """So many trials lost in a row end the sweep: the driver's to count."""

    @classmethod
    def from_environment(cls) -> Limits:
        """As set on the driver: workers are sent the result.

        Raises:
            UserError: a setting is no number.
        """
        return cls(
            rss_gb=number("FOCUS_MAX_RSS_GB", cls.rss_gb),
            hang_seconds=number("FOCUS_HANG_SECONDS", cls.hang_seconds),
            trial_seconds=number("FOCUS_TRIAL_SECONDS", cls.trial_seconds),
            most_lost=math.ceil(number("FOCUS_MAX_LOST", cls.most_lost)),
        )

    def payload(self) -> dict[str, float]:
        """As plain data, for a worker."""
        return asdict(self)


@contextmanager
def guarding(payload: dict[str, Any]) -> Iterator[Guard]:
    """Guard the trial of ``payload`` in this process until the block ends."""
    limits = Limits(**payload["limits"])
    notes = Notes(payload["checkpoints"], payload["trial_id"])
    notes.take()  # of an attempt that nobody asked about
    try:
        with notes.open_stack() as stack:
            guard = Guard(limits, notes.write, stack)
            guard.start()
            try:
                yield guard
            finally:
                guard.stop()
    finally:
        notes.take()


class Guard:
    """Watches one attempt at one trial.

    Silence is left to ``faulthandler``: its timer is a thread of C, which ends the process also
    while some library holds the interpreter's lock.

    Args:
        limits: what the worker may take.
        write: keeps the reason, before the process ends.
        stack: where the stacks go when the worker has been silent for too long.
        end: ends the process.
    """

    def __init__(
        self,
        limits: Limits,
        write: Callable[[str], None],
        stack: TextIO,
        *,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        self._limits = limits
        self._write = write
        self._stack = stack
        self._end = end
        self._began = time.monotonic()
        self._paused = False
        self._stopped = threading.Event()
        self._lock = threading.Lock()  # nothing is ended once ``stop`` or ``pause`` has returned
        self._thread = threading.Thread(target=self._watch, name="guard", daemon=True)

    def start(self) -> None:
        """From now on."""
        self._listen()
        self._thread.start()

    def stop(self) -> None:
        """No more: the worker's process may train another trial next."""
        faulthandler.cancel_dump_traceback_later()
        self._stopped.set()
        self._thread.join()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """While the worker waits for the driver, it is not the trial that takes long."""
        faulthandler.cancel_dump_traceback_later()
        with self._lock:
            self._paused = True
        yield  # not resumed when told to end here
        self._paused = False
        self._listen()

    def _listen(self) -> None:
        if self._limits.hang_seconds:
            faulthandler.dump_traceback_later(
                self._limits.hang_seconds, exit=True, file=self._stack
            )

    def _watch(self) -> None:
        while not self._stopped.wait(LOOK_SECONDS):
            with self._lock:
                reason = None if self._paused or self._stopped.is_set() else self._breach()
                if reason is not None:
                    with suppress(Exception):  # ended in any case
                        self._write(reason)
                    self._end(1)
                    return

    def _breach(self) -> str | None:
        limits = self._limits
        used = resident_bytes() / 1e9
        if limits.rss_gb and used > limits.rss_gb:
            return f"used {used:.3g} GB of memory, more than FOCUS_MAX_RSS_GB={limits.rss_gb:g}"
        if limits.trial_seconds and time.monotonic() - self._began > limits.trial_seconds:
            return f"took longer than FOCUS_TRIAL_SECONDS={limits.trial_seconds:g}"
        return None


class Notes:
    """What a worker leaves for the driver, beside a trial's checkpoint."""

    def __init__(self, root: str, trial_id: str) -> None:
        self._files, folder = fs.FileSystem.from_uri(root)
        self._folder = f"{folder}/{trial_id}"

    def write(self, reason: str) -> None:
        """Leave ``reason``: written beside, then moved, so no half of it is ever read."""
        fresh = f"{self._folder}/{REASON}.{os.getpid()}.new"
        make_folder(self._files, self._folder)
        with self._files.open_output_stream(fresh) as stream:
            stream.write(reason.encode())
        self._files.move(fresh, f"{self._folder}/{REASON}")

    @contextmanager
    def open_stack(self) -> Iterator[TextIO]:
        """Where the stacks go: a file here, or this process's stderr where here is far away."""
        if not isinstance(self._files, fs.LocalFileSystem):
            yield sys.__stderr__ or sys.stderr
            return
        make_folder(self._files, self._folder)
        with Path(self._folder, STACK).open("w") as stream:
            yield stream

    def take(self) -> tuple[str, str] | None:
        """The reason and the stacks left, and remove them; None where there is nothing."""
        reason, stacks = self._take_one(REASON), self._take_one(STACK)
        if not reason and stacks:  # which begin with "Timeout (0:30:00)!"
            seconds = stacks.partition("(")[2].partition(")")[0]
            reason = f"no report for {seconds}, as long as FOCUS_HANG_SECONDS allows"
        return (reason, stacks) if reason else None

    def _take_one(self, name: str) -> str:
        path = f"{self._folder}/{name}"
        try:
            with self._files.open_input_stream(path) as stream:
                text: str = text_of(stream.read()).strip()
            self._files.delete_file(path)
        except OSError:
            return ""
        return text


def resident_bytes() -> int:
    """The memory this process holds; 0 where there is no /proc to ask."""
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
