"""The processes that Ray starts on this machine: none is left, however the sweep ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

from sweeps.machine.foreign_text import ask, text_of

SHUTDOWN_SECONDS = 10.0
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER in linux/prctl.h


SERVERS = {"raylet": "raylet", "gcs_server": "GCS"}


class RayProcesses:
    """The processes that this one has started, directly or indirectly, since this object exists."""

    def __init__(self) -> None:
        adopt_orphans()
        self._before = _here_if_known()
        """The processes started before, including ended ones. None: unknown. Then nothing is
        killed, because a process may not be Ray's.
        """
        self._servers: dict[str, int] = {}

    def lost(self) -> str | None:
        """Say in words which of Ray's servers has ended; None when none has.

        Raises:
            OSError: the system does not list its processes.
        """
        before = self._before or set()
        here = {pid: p for pid, p in below(os.getpid()).items() if pid not in before}
        self._servers |= {p.program: pid for pid, p in here.items() if p.program in SERVERS}
        for program, pid in self._servers.items():
            if pid not in here or here[pid].ended:
                return f"its {SERVERS[program]} (pid {pid}) has ended"
        return None

    def shut_down(self) -> None:
        """Let Ray shut down for at most ``SHUTDOWN_SECONDS``, then kill what is left.

        Ray's errors are ignored, because the sweep's results are recorded by now.
        """
        thread = threading.Thread(target=_leave_ray, name="ray-shutdown", daemon=True)
        thread.start()
        thread.join(SHUTDOWN_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill these processes at once, as far as they are known."""
        for _ in range(3):  # a process may start another one meanwhile
            now = _here_if_known(alive=True)
            started = set() if now is None or self._before is None else now - self._before
            for pid in started:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if now is not None and not started:
                return
            time.sleep(0.05)

    def leave(self, code: int) -> NoReturn:
        """Kill Ray and end this process without Ray's exit steps, which wait for dead servers."""
        self.kill()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _leave_ray() -> None:
    with suppress(Exception):
        import ray

        ray.shutdown()


def adopt_orphans() -> None:
    """On Linux, adopt workers whose raylet was killed, so that ``descendants`` finds them."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def descendants() -> set[int]:
    """The ids of all live processes that this one has started, directly or indirectly."""
    return {pid for pid, process in below(os.getpid()).items() if not process.ended}


def _here_if_known(*, alive: bool = False) -> set[int] | None:
    with suppress(Exception):
        return descendants() if alive else set(below(os.getpid()))
    return None


class Process(NamedTuple):
    """One process of this machine."""

    parent: int
    program: str
    ended: bool
    """It has ended, and its parent has not read the exit status yet (a zombie)."""


def below(ancestor: int) -> dict[int, Process]:
    """Every process that ``ancestor`` has started, directly or indirectly, by its id."""
    everyone = processes()
    found: set[int] = set()
    waiting = {ancestor}
    while waiting:
        waiting = {pid for pid, p in everyone.items() if p.parent in waiting} - found
        found |= waiting
    return {pid: everyone[pid] for pid in found}


def processes() -> dict[int, Process]:
    """Every process of this machine by its id, even where its name is not valid text.

    Raises:
        OSError: the system does not list its processes.
    """
    if Path("/proc/self/stat").exists():
        found = {
            int(pid): _stat(f"/proc/{pid}/stat") for pid in os.listdir("/proc") if pid.isdigit()
        }
    else:
        said = ask(["ps", "-axo", "pid=,ppid=,stat=,comm="])
        found = dict(map(_row, said.out.splitlines()))
    return {pid: process for pid, process in found.items() if process is not None}


def _stat(path: str) -> Process | None:
    """Read one process from ``PID (NAME) STATE PARENT ...``; None when it is gone or unreadable.

    The name may hold any bytes: brackets, spaces, line breaks, part of a character.
    """
    with suppress(FileNotFoundError, ProcessLookupError, PermissionError, ValueError):
        start, _, rest = Path(path).read_bytes().rpartition(b")")
        state, parent = rest.split()[:2]
        return Process(int(parent), text_of(start.partition(b"(")[2]), state in (b"Z", b"X"))
    return None


def _row(line: bytes) -> tuple[int, Process | None]:
    """Read one process from a line of ``ps``; None where the line is a piece of a name."""
    with suppress(ValueError):
        pid, parent, state, program = line.split(maxsplit=3)
        name = Path(text_of(program)).name
        return int(pid), Process(int(parent), name, state.startswith(b"Z"))
    return 0, None
