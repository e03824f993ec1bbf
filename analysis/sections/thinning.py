"""A figure of many dots draws some of them, evenly through their order, and says so."""

from __future__ import annotations

from typing import Any


def thinned(dots: Any, most: int) -> Any:
    """Of a sequence or an array every so many, so that no more than ``most`` are left."""
    return dots[:: max(1, -(-len(dots) // most))]


def thinned_words(shown: int, there: int) -> str:
    """What a caption says of it; empty where all are drawn."""
    return f" {shown:,} of {there:,} dots are drawn." if shown < there else ""
