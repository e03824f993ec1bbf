"""The temporary folder of one launch: private, short enough for Ray, removed at the end.

Ray puts its session here and Tune its snapshot. The launch that made the folder holds a lock on it,
which the kernel releases when the process dies, however it dies. A marked folder that nobody has
locked was left by a dead launch, and the next launch removes it.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import socket
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Self

from focus_core.errors import UserError

PREFIX = "focus-"
"""Each byte saved here may be used by the path in TMPDIR: the path of a socket is limited."""
NAME = re.compile(rf"{PREFIX}[a-z0-9_]{{8}}")
MARK = "of-focus-sweeps.txt"
TEXT = "Temporary files of a sweep. Once no launch runs any more they can be deleted.\n"
OF_RAY, OF_TUNE, OF_WORKERS = "r", "tune", "t"
SOCKET = "x" * 8 + f"/{OF_RAY}/session_2026-01-31_23-59-59_000000_{{pid}}/sockets/plasma_store"
"""The end of the longest path of Ray's sockets; Ray names a session after the time and our pid."""
LONGEST = 103 if sys.platform == "darwin" else 107
"""The most bytes in the path of a socket."""
UNREADABLE = {"\\", "'"}
"""Ray takes these characters for quoting in its workers' command lines: no worker then starts."""
LEAST_FREE = 20_000_000
"""Bytes that must be free, for the logs of a long sweep."""


def choose() -> tuple[Path, str]:
    """The folder for our own folder, and a caution where it is not the first choice.

    Raises:
        UserError: there is no folder that Ray can use.
    """
    refused: list[str] = []
    for name, folder in _candidates():
        reason = unfit(folder)
        if reason is None:
            said = f"Ray's temporary files go to {folder}: {'; '.join(refused)}"
            return folder, said if refused else ""
        refused.append(f"{name}{_shown(folder)} {reason}")
    raise UserError(
        f"Ray has no temporary folder that it can use: {'; '.join(refused)}: set TMPDIR to a "
        f"folder of this machine, of at most {longest()} ASCII characters"
    )


def unfit(folder: Path) -> str | None:
    """Why Ray cannot work in ``folder``; None where it can. The check leaves nothing there."""
    path = str(folder)
    if not (path.isascii() and path.isprintable()) or UNREADABLE & set(path):
        return "has characters in its path that Ray cannot read"
    if len(path) > longest():
        return f"is longer than the {longest()} characters that fit into the path of Ray's sockets"
    try:
        own = tempfile.TemporaryDirectory(prefix=PREFIX, dir=folder)
        with own, socket.socket(socket.AF_UNIX) as probe:
            probe.bind(f"{own.name}/s")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return f"cannot be used ({error.strerror or error})"
    if free < LEAST_FREE:
        return f"has only {free / 1e6:.0f} MB free, {LEAST_FREE / 1e6:.0f} are needed"
    return None


def longest() -> int:
    """The most bytes that the path of a folder may have so that Ray can work in it."""
    return LONGEST - len(f"/{PREFIX}{SOCKET.format(pid=os.getpid())}")


class OwnFolder:
    """A folder of this launch alone in ``base``; it exists while its ``with`` block lasts.

    FOCUS_DEBUG=1 keeps the folder, with Ray's logs, until the next launch.
    """

    def __init__(self, base: Path) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=base))
        self._handle: int | None = os.open(self.path, os.O_RDONLY)

    def __enter__(self) -> Self:
        assert self._handle is not None
        with suppress(OSError):  # no locks here: without a mark no other launch removes it
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            (self.path / MARK).write_text(TEXT)
        for name in (OF_RAY, OF_TUNE, OF_WORKERS):
            (self.path / name).mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove the folder, also where the process ends inside the block; may be called twice."""
        if self._handle is None:
            return
        if os.environ.get("FOCUS_DEBUG", "") in ("", "0"):
            _remove(self.path, self._handle)
        handle, self._handle = self._handle, None
        os.close(handle)


def clear_what_the_dead_left() -> None:
    """Remove the folders of launches that have died, wherever this launch would make its own.

    Folders of other users, of live launches and of other programs stay.
    """
    for base in {folder for _, folder in _candidates()}:
        with suppress(OSError):
            for name in os.listdir(base):
                if NAME.fullmatch(name):
                    with suppress(OSError):
                        _clear(base / name)


def _clear(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(handle).st_uid != os.geteuid():
            return
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises if its launch is alive
        # Raises if no launch made the folder.
        mark = os.stat(MARK, dir_fd=handle, follow_symlinks=False)
        if stat.S_ISREG(mark.st_mode):
            _remove(path, handle)
    finally:
        os.close(handle)


def _remove(path: Path, handle: int) -> None:
    """Remove ``path``, which is open as ``handle``.

    The content is removed by ``handle``: nothing outside is, even if ``path`` is another folder by
    now. The mark is removed last, so that the next launch finds what cannot be removed now.
    """
    with suppress(OSError):
        for name in set(os.listdir(handle)) - {MARK}:
            try:
                os.unlink(name, dir_fd=handle)
            except OSError:
                shutil.rmtree(name, ignore_errors=True, dir_fd=handle)
        if set(os.listdir(handle)) <= {MARK}:
            with suppress(FileNotFoundError):
                os.unlink(MARK, dir_fd=handle)
            path.rmdir()


def _candidates() -> list[tuple[str, Path]]:
    """The folders that the environment names, with the variable's name, then the usual ones."""
    named = ["RAY_TMPDIR", *(["TMPDIR"] if sys.platform == "linux" else [])]  # where Ray looks
    found = [(f"{name} ", Path(os.environ[name])) for name in named if os.environ.get(name)]
    usual = [("", Path("/tmp")), ("", Path("/var/tmp"))]
    return [(name, folder.absolute()) for name, folder in found + usual]


def _shown(folder: Path) -> str:
    path = str(folder)
    return ascii(path if len(path) <= 60 else f"{path[:60]}...")
