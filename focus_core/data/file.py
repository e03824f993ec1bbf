"""The facts about a file of a data set that are known before the file is fetched."""

from __future__ import annotations

from typing import NamedTuple


class Digest(NamedTuple):
    """The expected size of a file in bytes, and the expected checksum of its content."""

    size: int
    algorithm: str
    hexadecimal: str


class DataFile(NamedTuple):
    """A file in the data folder, and its mirrors."""

    name: str
    """Path of the file, relative to the data folder."""
    digest: Digest
    urls: tuple[str, ...]
    """Mirrors, in the order in which they are tried."""
    zipped: int | None = None
    """Bytes of the zip archive that the mirrors serve; None where they serve the file itself."""
