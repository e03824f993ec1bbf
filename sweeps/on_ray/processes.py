"""The processes Ray starts on this machine: whatever ends the sweep, none of them is left."""

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

from sweeps.outside import ask, text_of

SHUTDOWN_SECONDS = 10.0
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER in linux/prctl.h


SERVERS = {"raylet": "raylet", "gcs_server": "GCS"}


class RayProcesses:
    """What this process has started since, and what those have."""

    def __init__(self) -> None:
        adopt_orphans()
        self._before = _here_if_known()
        """Also what has ended already. None: not known. Then nothing is killed, for it may not be
        Ray's.
        """
        self._servers: dict[str, int] = {}

    def lost(self) -> str | None:
        """Which of Ray's servers has been here and is gone, in words; None when none.

        Raises:
            OSError: the system does not say which processes there are.
        """
        before = self._before or set()
        here = {pid: p for pid, p in below(os.getpid()).items() if pid not in before}
        self._servers |= {p.program: pid for pid, p in here.items() if p.program in SERVERS}
        for program, pid in self._servers.items():
            if pid not in here or here[pid].ended:
                return f"its {SERVERS[program]} (pid {pid}) has ended"
        return None

    def shut_down(self) -> None:
        """Leave Ray as it wants to be left; after a while kill what is still there.

        Whatever Ray raises meanwhile: what a sweep has found is recorded by now.
        """
        thread = threading.Thread(target=_leave_ray, name="ray-shutdown", daemon=True)
        thread.start()
        thread.join(SHUTDOWN_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill them, at once, as far as they are known."""
        for _ in range(3):  # one may start another meanwhile
            now = _here_if_known(alive=True)
            started = set() if now is None or self._before is None else now - self._before
            for pid in started:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if now is not None and not started:
                return
            time.sleep(0.05)

    def leave(self, code: int) -> NoReturn:
        """End this process without Ray's own ending, which waits for what is dead."""
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
    """On Linux: a worker whose raylet was killed stays ours, where ``descendants`` finds it."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def descendants() -> set[int]:
    """Every live process that this one has started, or that one of those has."""
    return {pid for pid, process in below(os.getpid()).items() if not process.ended}


def _here_if_known(*, alive: bool = False) -> set[int] | None:
    with suppress(Exception):
        return descendants() if alive else set(below(os.getpid()))
    return None


class Process(NamedTuple):
    """One of this machine's."""

    parent: int
    program: str
    ended: bool
    """Nobody has asked yet how."""


def below(ancestor: int) -> dict[int, Process]:
    """Every process that ``ancestor`` has started, or that one of those has."""
    everyone = processes()
    found: set[int] = set()
    waiting = {ancestor}
    while waiting:
        waiting = {pid for pid, p in everyone.items() if p.parent in waiting} - found
        found |= waiting
    return {pid: everyone[pid] for pid in found}


def processes() -> dict[int, Process]:
    """Every process of this machine, also those whose name is no text.

    Raises:
        OSError: the system does not say.
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
    """Of one process, from ``PID (NAME) STATE PARENT ...``; None when it is gone.

    The name may hold anything: brackets, spaces, line breaks, half a letter.
    """
    with suppress(FileNotFoundError, ProcessLookupError, PermissionError, ValueError):
        start, _, rest = Path(path).read_bytes().rpartition(b")")
        state, parent = rest.split()[:2]
        return Process(int(parent), text_of(start.partition(b"(")[2]), state in (b"Z", b"X"))
    return None


def _row(line: bytes) -> tuple[int, Process | None]:
    """Of one process, from a line of ``ps``; None where the line is a piece of a name."""
    with suppress(ValueError):
        pid, parent, state, program = line.split(maxsplit=3)
        name = Path(text_of(program)).name
        return int(pid), Process(int(parent), name, state.startswith(b"Z"))
    return 0, None
