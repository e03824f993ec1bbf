"""Lengths that may be given as counts."""

from __future__ import annotations

import math

COUNTS = {"bins": "bin_length", "chunks": "chunk_length"}
"""Lengths in tokens that may be given as counts instead."""


def tokens(length: int | None, given: int, count: int | None) -> int:
    """A length in tokens, of the whole sequence's where it was given as a count.

    Raises:
        ValueError: a count without a length of the sequence.
    """
    if count is None:
        return given
    if length is None:
        raise ValueError("model.bins and model.chunks are counts: resolve them with a length")
    return math.ceil(length / count)
