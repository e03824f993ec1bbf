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
from typing import NoReturn

SHUTDOWN_SECONDS = 10.0
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER in linux/prctl.h


class RayProcesses:
    """What this process has started since, and what those have."""

    def __init__(self) -> None:
        adopt_orphans()
        self._before = descendants()

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
    parents = parent_of_each()
    found: set[int] = set()
    waiting = {os.getpid()}
    while waiting:
        waiting = {pid for pid, parent in parents.items() if parent in waiting} - found
        found |= waiting
    return found


def parent_of_each() -> dict[int, int]:
    """The parent of every live process."""
    if not Path("/proc/self/stat").exists():
        done = subprocess.run(
            ["ps", "-axo", "pid=,ppid=,stat="], capture_output=True, text=True, check=False
        )
        rows = [line.split() for line in done.stdout.splitlines()]
        return {int(pid): int(parent) for pid, parent, stat in rows if stat[0] != "Z"}
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):  # ended meanwhile
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                if state not in "ZX":
                    found[int(entry.name)] = int(parent)
    return found
