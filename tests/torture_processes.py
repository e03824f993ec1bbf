"""The processes below this one: told apart by what they are, killed, and waited for. Linux only.

Whatever loses its parent below this process becomes its child (a subreaper), so that nothing a
killed launcher leaves behind can hide.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

SET_CHILD_SUBREAPER = 36  # prctl's, from linux/prctl.h
DEAD = ("Z", "X")
AGENTS = ("Agent", "Dashboard", "Monitor")


@dataclass(frozen=True)
class Process:
    """One line of the process table."""

    pid: int
    parent: int
    name: str
    state: str
    words: tuple[str, ...]

    @property
    def kind(self) -> str:
        """``raylet``, ``gcs``, ``worker`` (of trials, or one that waits for them) or ``other``."""
        if self.name in ("raylet", "gcs_server"):
            return self.name.removesuffix("_server")
        title = self.words[0] if self.words else ""
        starting = any(word.endswith("default_worker.py") for word in self.words[1:3])
        named = title.startswith("ray::") and not any(agent in title for agent in AGENTS)
        return "worker" if starting or named else "other"


def adopt_orphans() -> None:
    """From now on orphans below this process become its children."""
    if ctypes.CDLL(None, use_errno=True).prctl(SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "this system has no child subreaper: Linux is needed")


def _read(pid: int) -> Process | None:
    """None when it has just ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return None
    head, _, tail = stat.rpartition(")")  # the name, in brackets, may hold anything
    state, parent = tail.split()[:2]
    text = tuple(word.decode(errors="replace") for word in words if word)
    return Process(pid, int(parent), head.partition("(")[2], state, text)


def below(root: int) -> list[Process]:
    """Every living process below ``root``."""
    found = [_read(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    table = {process.pid: process for process in found if process is not None}
    mine = {root}
    grew = True
    while grew:
        more = {pid for pid, process in table.items() if process.parent in mine} - mine
        mine |= more
        grew = bool(more)
    return [table[pid] for pid in mine - {root} if table[pid].state not in DEAD]


def lives(pid: int) -> bool:
    """Whether it is there and has not ended; who adopted it may not have asked yet how."""
    process = _read(pid)
    return process is not None and process.state not in DEAD


def kill(pid: int) -> bool:
    """``kill -9``; False when it had ended before."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def reap(keep: int | None) -> None:
    """Take away what has ended, so that its pid is free; ``keep`` is waited for elsewhere."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        process = _read(int(entry.name))
        ended = process and process.parent == os.getpid() and process.state in DEAD
        if process and ended and process.pid != keep:
            with suppress(ChildProcessError):
                os.waitpid(process.pid, os.WNOHANG)


def orphans(launcher: int | None) -> list[Process]:
    """What earlier launchers left: all below this process but ``launcher`` and its own."""
    mine = {p.pid for p in below(launcher)} | {launcher} if launcher else set()
    return [process for process in below(os.getpid()) if process.pid not in mine]


def wait_until_gone(seconds: float) -> list[Process]:
    """Wait for every process below this one to end; returns those that had to be killed."""
    deadline = time.monotonic() + seconds
    while (left := below(os.getpid())) and time.monotonic() < deadline:
        reap(None)
        time.sleep(0.1)
    lingering = left
    while left:
        for process in left:
            kill(process.pid)
        time.sleep(0.1)
        reap(None)
        left = below(os.getpid())
    return lingering
