"""Which process is meant by a pid: also later, when that number may be another's."""

from __future__ import annotations

import os
from pathlib import Path

from sweeps.outside import ask, host_name, read_text, text_of

DEAD = ("Z", "X")


def this_machine() -> str:
    """Where pids of this process mean something: a boot of this machine, its pid namespace."""
    try:
        boot = read_text(Path("/proc/sys/kernel/random/boot_id")).strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # no Linux
        return host_name()


def began(pid: int) -> str | None:
    """When process ``pid`` of this machine began, as it counts; None when there is none.

    Not a time of day: nobody can set it back.
    """
    if not Path("/proc/self/stat").exists():
        return _began_elsewhere(pid)
    try:
        # The name, in brackets, may hold anything.
        fields = read_text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    except OSError:
        return None
    return fields[19] if len(fields) > 19 and fields[0] not in DEAD else None


def _began_elsewhere(pid: int) -> str | None:
    """Where there is no /proc."""
    words = ["ps", "-o", "lstart=", "-p", str(pid)]
    said = ask(words, environment={**os.environ, "LC_ALL": "C"}).out
    return text_of(said).strip() or None
