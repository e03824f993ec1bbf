"""Identify a process by more than its pid, which another process may get later."""

from __future__ import annotations

import os
from pathlib import Path

from sweeps.machine.foreign_text import ask, host_name, read_text, text_of

DEAD = ("Z", "X")


def this_machine() -> str:
    """Where this process's pids are valid: this boot and pid namespace; or this host's name."""
    try:
        boot = read_text(Path("/proc/sys/kernel/random/boot_id")).strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:  # not Linux
        return host_name()


def began(pid: int) -> str | None:
    """When process ``pid`` of this machine began; None when there is no such process.

    With /proc, this is the time since boot, which nobody can set back.
    """
    if not Path("/proc/self/stat").exists():
        return _began_elsewhere(pid)
    try:
        # The process's name, in brackets, may hold any character.
        fields = read_text(Path(f"/proc/{pid}/stat")).rpartition(")")[2].split()
    except OSError:
        return None
    return fields[19] if len(fields) > 19 and fields[0] not in DEAD else None


def _began_elsewhere(pid: int) -> str | None:
    """The date at which a process began, where there is no /proc."""
    words = ["ps", "-o", "lstart=", "-p", str(pid)]
    said = ask(words, environment={**os.environ, "LC_ALL": "C"}).out
    return text_of(said).strip() or None
