"""Lengths that may be given as counts."""

from __future__ import annotations

import math

COUNTS = {"bins": "bin_length", "chunks": "chunk_length"}
"""By count, the option of the length in tokens that the count may give."""


def tokens(length: int | None, given: int, count: int | None) -> int:
    """Return ``given``, or with a count the sequence ``length`` divided by the count, rounded up.

    Raises:
        ValueError: there is a count, but no length of the sequence.
    """
    if count is None:
        return given
    if length is None:
        raise ValueError("model.bins and model.chunks are counts: resolve them with a length")
    return math.ceil(length / count)
