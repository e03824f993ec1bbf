"""Which process is meant by a pid: also later, when that number may be another's."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

DEAD = ("Z", "X")


def this_machine() -> str:
    """Where pids of this process mean something: a boot of this machine, its pid namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # no Linux
        return socket.gethostname()


def began(pid: int) -> str | None:
    """When process ``pid`` of this machine began, as it counts; None when there is none.

    Not a time of day: nobody can set it back.
    """
    if not Path("/proc/self/stat").exists():
        return _began_elsewhere(pid)
    try:
        # The name, in brackets, may hold anything.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in DEAD else fields[19]


def _began_elsewhere(pid: int) -> str | None:
    """Where there is no /proc."""
    words = ["ps", "-o", "lstart=", "-p", str(pid)]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env={**os.environ, "LC_ALL": "C"}
    )
    return done.stdout.strip() or None
