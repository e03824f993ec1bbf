"""Checks a file of a data set before any of its bytes is used."""

from __future__ import annotations

import hashlib
from pathlib import Path

from focus_core.data import DataCorruptError, DataFile, Digest, data_folder

BLOCK = 2**20


def what_is_wrong(path: Path, digest: Digest) -> str | None:
    """Return ``expected ..., found ...`` for a file that differs from ``digest``, else None."""
    size = path.stat().st_size
    if size != digest.size:
        return f"expected {digest.size} bytes, found {size}"
    hasher = hashlib.new(digest.algorithm, usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            hasher.update(block)
    found = hasher.hexdigest()
    if found != digest.hexadecimal:
        return f"expected {digest.algorithm} {digest.hexadecimal}, found {found}"
    return None


def read_checked(file: DataFile) -> bytes:
    """The content of a data file.

    Raises:
        FileNotFoundError: the file does not exist.
        DataCorruptError: the file differs from its digest.
    """
    path = data_folder() / file.name
    wrong = what_is_wrong(path, file.digest)
    if wrong:
        data_set = file.name.partition("/")[0]
        raise DataCorruptError(
            f"{path}: {wrong}; run python -m focus_core.data fetch {data_set} to replace it"
        )
    return path.read_bytes()
