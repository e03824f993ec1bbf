"""Compare the files of a checkout with the files of a commit, by the hash of their content."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE, PROGRAM, LINK, MODULE = b"100644", b"100755", b"120000", b"160000"
LARGEST = 500_000
"""The most bytes of one file in a record."""
MOST_READ = 5_000_000
"""The most bytes of all files in a record."""
MARKS = ({"ledger.db"}, {"mlflow.db"}, {"artifacts", "checkpoints"}, {"pyvenv.cfg"})
"""Sets of names. A folder with all names of one set is a home of sweeps, or a virtual environment
(the last set)."""


class Entry(NamedTuple):
    """A file in a commit."""

    mode: bytes
    name: bytes
    """The hash of its content."""


class Content(NamedTuple):
    """A file in the checkout."""

    mode: bytes
    raw: bytes


@dataclass
class Seen:
    """How the files differ from the commit."""

    changed: dict[bytes, Content | None] = field(default_factory=dict)
    """By path; None for a file that is gone."""
    left: dict[bytes, str] = field(default_factory=dict)
    """By path: what is missing from the record, and why."""


def compare(
    root: Path, before: Mapping[bytes, Entry], paths: Iterable[bytes], until: float
) -> Seen:
    """Compare every file of ``paths`` with the commit.

    Args:
        root: the folder of the checkout.
        before: the files of the commit.
        paths: relative to ``root``.
        until: the time by which this must have ended, by the monotonic clock.

    Raises:
        TimeoutError: the time is over.
    """
    seen, top = Seen(), os.fsencode(root)
    for path in paths:
        if time.monotonic() > until:
            raise TimeoutError("the checkout could not be read in time")
        try:
            _compare_one(top, path, before.get(path), seen)
        except (FileNotFoundError, NotADirectoryError):
            if path in before and before[path].mode != MODULE:
                seen.changed[path] = None
        except OSError as error:
            seen.left[path] = f"it cannot be read: {error.strerror}"
    return seen


def _compare_one(top: bytes, path: bytes, before: Entry | None, seen: Seen) -> None:
    full = os.path.join(top, path)
    status = os.lstat(full)
    if stat.S_ISDIR(status.st_mode):
        if before is None or before.mode == MODULE:
            if os.listdir(full):
                seen.left[path] = "a repository of its own"
        else:
            seen.changed[path] = None  # ``paths`` has the files below this folder
        return
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode)):
        seen.left[path] = "neither a file nor a link"
        return
    mode = _mode(status.st_mode)
    if before is not None and (mode, _hash(full, status, before.name)) == before:
        return
    if status.st_size > LARGEST:
        seen.left[path] = f"{status.st_size / 1e6:.1f} MB, more than {LARGEST / 1e6:g}"
    elif sum(len(c.raw) for c in seen.changed.values() if c) + status.st_size > MOST_READ:
        seen.left[path] = f"one change too many: more than {MOST_READ / 1e6:g} MB"
    else:
        seen.changed[path] = Content(mode, _read(full, mode))
        if mode == LINK and not _is_within(top, full):
            seen.left[path] = "what this link points to is outside the checkout"


def _mode(mode: int) -> bytes:
    if stat.S_ISLNK(mode):
        return LINK
    return PROGRAM if mode & stat.S_IXUSR else FILE


def _read(full: bytes, mode: bytes) -> bytes:
    return os.readlink(full) if mode == LINK else Path(os.fsdecode(full)).read_bytes()


def _hash(full: bytes, status: os.stat_result, like: bytes) -> bytes:
    """Git's name for the file's content, by the hash function of ``like``, another git name."""
    digest = (hashlib.sha1 if len(like) == 40 else hashlib.sha256)(usedforsecurity=False)
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(full)
        digest.update(b"blob %d\0%s" % (len(target), target))
    else:
        digest.update(b"blob %d\0" % status.st_size)
        with open(full, "rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest().encode()


def _is_within(top: bytes, full: bytes) -> bool:
    return os.path.realpath(full).startswith(os.path.realpath(top) + b"/")


def without_homes(root: Path, paths: Iterable[bytes]) -> set[bytes]:
    """``paths`` without those in a home of sweeps or a virtual environment: they are no sources."""

    @cache
    def is_in_one(folder: Path) -> bool:
        if folder == root:
            return False
        marked = any(all((folder / name).exists() for name in names) for names in MARKS)
        return marked or is_in_one(folder.parent)

    return {path for path in paths if not is_in_one((root / os.fsdecode(path)).parent)}
