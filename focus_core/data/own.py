"""A person's own data: one block of bytes for each data set, known by its SHA-256. No torch here.

A launch reads a person's file once, and holds its content in memory. When the sweep begins, the
launch keeps the content in the data folder, as ``own/`` and the digest. A worker reads the content
from memory, or from that file, and checks it against the digest.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from contextlib import suppress
from pathlib import Path

from focus_core.data import DataCorruptError, DataMissingError, data_folder
from focus_core.errors import UserError

_HELD: dict[str, bytes] = {}


def digest_of(content: bytes) -> str:
    """The SHA-256 of ``content``, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def hold(content: bytes) -> str:
    """Hold ``content`` in memory in place of what was held before; returns its digest."""
    digest = digest_of(content)
    _HELD.clear()
    _HELD[digest] = content
    return digest


def own_file(digest: str) -> Path:
    """The file of the data folder that keeps the content with this digest."""
    return data_folder() / "own" / digest


def keep(digest: str) -> None:
    """Write the content that is held into the data folder, unless it is there already.

    Raises:
        UserError: the data folder cannot be written.
    """
    path = own_file(digest)
    if _is_whole(path, digest):
        return
    content = read_own(digest)
    fresh = path.with_name(f".{uuid.uuid4().hex}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_bytes(content)
        os.replace(fresh, path)
    except OSError as error:
        with suppress(OSError):
            fresh.unlink()
        raise UserError(
            f"cannot keep your data in {path.parent} ({error.strerror}): let FOCUS_DATA name a "
            "folder that can be written to"
        ) from None


def read_own(digest: str) -> bytes:
    """The content with this digest, from memory or from the data folder.

    Raises:
        DataMissingError: the content is in neither.
        DataCorruptError: the file in the data folder has another content.
    """
    if digest in _HELD:
        return _HELD[digest]
    path = own_file(digest)
    if not path.is_file():
        raise DataMissingError(
            f"your data of sha256 {digest} are not there ({path}): give their file with "
            "task.path, or let FOCUS_DATA name the folder that has them"
        )
    content = path.read_bytes()
    found = digest_of(content)
    if found != digest:
        raise DataCorruptError(
            f"{path}: expected sha256 {digest}, found {found}: remove it, and launch again with "
            "task.path"
        )
    return content


def _is_whole(path: Path, digest: str) -> bool:
    return path.is_file() and digest_of(path.read_bytes()) == digest
