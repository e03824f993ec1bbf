"""What is known of a file of a data set before it is there."""

from __future__ import annotations

from typing import NamedTuple


class Digest(NamedTuple):
    """What a file must be: its size in bytes and a checksum of its content."""

    size: int
    algorithm: str
    hexadecimal: str


class DataFile(NamedTuple):
    """A file as it is kept, and as it is served."""

    name: str
    """Below the data folder."""
    digest: Digest
    urls: tuple[str, ...]
    """Mirrors, in the order in which they are tried."""
    zipped: int | None = None
    """Bytes of the zip archive that is served instead; None: the file itself is."""
