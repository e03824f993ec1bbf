"""The guard in a trial's worker: it ends a process that breaks a limit of memory or time.

The limits are for resident memory, time without a report, and time of one attempt. For Ray the
ended process is a lost worker: Ray moves the trial, which continues from its checkpoint. The guard
leaves the reason beside the checkpoint, for the driver to read.
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

from sweeps.commands.settings import number
from sweeps.machine.foreign_text import text_of
from sweeps.workers.state_file import make_folder

LOOK_SECONDS = 0.2
RSS = "FOCUS_MAX_RSS_GB"
REASON = "lost.txt"
"""The file with one line, written atomically: why the guard ended the worker."""
STACK = "stack.txt"
"""The file with every thread's stack at the end of a silent worker; otherwise it is empty."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of one trial's worker and of a sweep's losses; 0 means no limit."""

    rss_gb: float = 0.0
    share: bool = False
    """Whether ``rss_gb`` is, once a worker has the trial, its share of its host's memory."""
    hang_seconds: float = 1800.0
    """Seconds since the last report; before the first report, seconds since the start."""
    trial_seconds: float = 0.0
    """Seconds of one attempt."""
    most_lost: int = 3
    """The number of trials lost in a row that ends the sweep; the driver counts them."""

    @classmethod
    def from_environment(cls, *, on_cluster: bool = False) -> Limits:
        """Read the limits in the driver's environment; the driver sends them to its workers.

        Without a limit of memory in the environment, a trial on a cluster may use its share of its
        host's memory: one trial does not take its host down.

        Raises:
            UserError: a setting is not a number from 0 to 1e9.
        """
        return cls(
            rss_gb=number(RSS, cls.rss_gb),
            share=on_cluster and not os.environ.get(RSS, "").strip(),
            hang_seconds=number("FOCUS_HANG_SECONDS", cls.hang_seconds),
            trial_seconds=number("FOCUS_TRIAL_SECONDS", cls.trial_seconds),
            most_lost=math.ceil(number("FOCUS_MAX_LOST", cls.most_lost)),
        )

    def payload(self) -> dict[str, float]:
        """The limits as plain data, for a worker."""
        return asdict(self)


@contextmanager
def guarding(payload: dict[str, Any]) -> Iterator[Guard]:
    """Guard the trial of ``payload`` in this process until the block ends."""
    limits = Limits(**payload["limits"])
    notes = Notes(payload["checkpoints"], payload["trial_id"])
    notes.take()  # remove what an earlier attempt left and nobody read
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

    ``faulthandler`` enforces the limit of silence: its timer is a C thread, so it ends the process
    even while a library holds the interpreter's lock.

    Args:
        limits: what the worker may take.
        write: stores the reason before the process ends.
        stack: the file for the stacks of a worker that was silent for too long.
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
        self._lock = threading.Lock()  # held to check and to end: nothing ends inside ``paused``
        self._thread = threading.Thread(target=self._watch, name="guard", daemon=True)

    def start(self) -> None:
        """Start to watch."""
        self._listen()
        self._thread.start()

    def stop(self) -> None:
        """Stop watching: the worker's process may train another trial next."""
        faulthandler.cancel_dump_traceback_later()
        self._stopped.set()
        self._thread.join()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """End nothing inside this block: the worker waits for the driver here."""
        faulthandler.cancel_dump_traceback_later()
        with self._lock:
            self._paused = True
        yield  # an exception here ends the trial: the guard then stays paused
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
                    with suppress(Exception):  # the process ends in any case
                        self._write(reason)
                    self._end(1)
                    return

    def _breach(self) -> str | None:
        limits = self._limits
        used = resident_bytes() / 1e9
        if limits.rss_gb and used > limits.rss_gb:
            allowed = f"{RSS}={limits.rss_gb:g}"
            if limits.share:
                allowed = f"its share of the host, {limits.rss_gb:.3g} GB; {RSS} sets another limit"
            return f"used {used:.3g} GB of memory, more than {allowed}"
        if limits.trial_seconds and time.monotonic() - self._began > limits.trial_seconds:
            return f"took longer than FOCUS_TRIAL_SECONDS={limits.trial_seconds:g}"
        return None


class Notes:
    """The files that a worker leaves for the driver beside a trial's checkpoint."""

    def __init__(self, root: str, trial_id: str) -> None:
        self._files, folder = fs.FileSystem.from_uri(root)
        self._folder = f"{folder}/{trial_id}"

    def write(self, reason: str) -> None:
        """Write ``reason`` to a temporary file and rename it, so nobody reads half of it."""
        fresh = f"{self._folder}/{REASON}.{os.getpid()}.new"
        make_folder(self._files, self._folder)
        with self._files.open_output_stream(fresh) as stream:
            stream.write(reason.encode())
        self._files.move(fresh, f"{self._folder}/{REASON}")

    @contextmanager
    def open_stack(self) -> Iterator[TextIO]:
        """Open the file for the stacks; where checkpoints are remote, use this process's stderr."""
        if not isinstance(self._files, fs.LocalFileSystem):
            yield sys.__stderr__ or sys.stderr
            return
        make_folder(self._files, self._folder)
        with Path(self._folder, STACK).open("w") as stream:
            yield stream

    def take(self) -> tuple[str, str] | None:
        """Read and remove the reason and the stacks; None where there is neither."""
        reason, stacks = self._take_one(REASON), self._take_one(STACK)
        if not reason and stacks:  # the stacks begin with "Timeout (0:30:00)!"
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
    """The resident memory of this process in bytes; 0 where there is no /proc."""
    try:
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
