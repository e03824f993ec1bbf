"""The bytes of a person's files, with their names, sizes and hashes; a packed file is unpacked."""

from __future__ import annotations

import hashlib
import lzma
import stat
from pathlib import Path
from typing import NamedTuple

from focus_core.errors import UserError, require
from focus_core.paths import read_file
from sweeps.commands.command_line import shown, usable_path

MOST_BYTES = 2 * 2**30
"""The largest file, packed or not: a launch and every worker hold the data in memory."""
PACKED = ".xz"


class File(NamedTuple):
    """A file of a person.

    Attributes:
        name: the last part of its path.
        size: bytes, as the file lies there.
        sha256: of these bytes.
        content: these bytes, unpacked where the file is packed.
    """

    name: str
    size: int
    sha256: str
    content: bytes

    def facts(self) -> dict[str, str | int]:
        """The name, the size in bytes and the hash, as plain data."""
        return {"name": self.name, "bytes": self.size, "sha256": self.sha256}


def path_of(word: str) -> Path:
    """The file that ``task.path`` names.

    Raises:
        UserError: there is no such file.
    """
    path = usable_path("task.path", word, "file")
    try:
        kind = path.stat().st_mode
    except OSError as error:
        raise UserError(f"task.path {shown(word)}: {error.strerror}") from None
    require(stat.S_ISREG(kind), f"task.path {shown(word)} is no file: name the file of the data")
    return path


def read(path: Path) -> File:
    """Read a file.

    Raises:
        UserError: the file cannot be read, is empty, is too large or cannot be unpacked.
    """
    packed = content = read_file(shown(path.name), path, MOST_BYTES, "name a file with data")
    sha256 = hashlib.sha256(packed).hexdigest()
    if path.suffix == PACKED:
        content = _unpacked(path.name, content)
    require(bool(content), f"{shown(path.name)} is empty: name a file with data")
    return File(path.name, len(packed), sha256, content)


def _unpacked(name: str, content: bytes) -> bytes:
    unpacker = lzma.LZMADecompressor()
    try:
        found = unpacker.decompress(content, max_length=MOST_BYTES)
    except lzma.LZMAError as error:
        raise UserError(f"{shown(name)} is no whole xz file: {error}") from None
    require(
        unpacker.eof or not unpacker.needs_input,
        f"{shown(name)} is no whole xz file: its end is missing",
    )
    require(unpacker.eof, f"{shown(name)} holds more than {MOST_BYTES} bytes: use a smaller part")
    return found
