"""The processes Ray starts on this machine: whatever ends the sweep, none of them is left."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, NoReturn

SHUTDOWN_SECONDS = 10.0
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER in linux/prctl.h


SERVERS = {"raylet": "raylet", "gcs_server": "GCS"}


class RayProcesses:
    """What this process has started since, and what those have."""

    def __init__(self) -> None:
        adopt_orphans()
        self._before = descendants()
        self._servers: dict[str, int] = {}

    def lost(self) -> str | None:
        """Which of Ray's servers has been here and is gone, in words; None when none."""
        here = {pid: p for pid, p in below(os.getpid()).items() if pid not in self._before}
        self._servers |= {p.program: pid for pid, p in here.items() if p.program in SERVERS}
        for program, pid in self._servers.items():
            if pid not in here or here[pid].ended:
                return f"its {SERVERS[program]} (pid {pid}) has ended"
        return None

    def shut_down(self) -> None:
        """Leave Ray as it wants to be left; after a while kill what is still there."""
        import ray

        thread = threading.Thread(target=ray.shutdown, name="ray-shutdown", daemon=True)
        thread.start()
        thread.join(SHUTDOWN_SECONDS)
        self.kill()

    def kill(self) -> None:
        """Kill them, at once."""
        for _ in range(3):  # one may start another meanwhile
            started = descendants() - self._before
            for pid in started:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if not started:
                return
            time.sleep(0.05)

    def leave(self, code: int) -> NoReturn:
        """End this process without Ray's own ending, which waits for what is dead."""
        self.kill()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def adopt_orphans() -> None:
    """On Linux: a worker whose raylet was killed stays ours, where ``descendants`` finds it."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def descendants() -> set[int]:
    """Every live process that this one has started, or that one of those has."""
    return {pid for pid, process in below(os.getpid()).items() if not process.ended}


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
    """Every process of this machine."""
    if not Path("/proc/self/stat").exists():
        ps = ["ps", "-axo", "pid=,ppid=,stat=,comm="]
        done = subprocess.run(ps, capture_output=True, text=True, check=False)
        rows = [line.split(maxsplit=3) for line in done.stdout.splitlines()]
        return {
            int(pid): Process(int(parent), Path(program).name, state[0] == "Z")
            for pid, parent, state, program in rows
        }
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # gone meanwhile
                start, _, rest = (entry / "stat").read_text().rpartition(")")
                state, parent = rest.split()[:2]
                found[int(entry.name)] = Process(
                    int(parent), start.partition("(")[2], state in "ZX"
                )
    return found
