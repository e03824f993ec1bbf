"""Draws only some of many dots, evenly chosen along their order, and reports the number."""

from __future__ import annotations

from typing import Any


def thinned(dots: Any, most: int) -> Any:
    """Every n-th dot of a sequence or an array, so that at most ``most`` dots are left."""
    return dots[:: max(1, -(-len(dots) // most))]


def thinned_words(shown: int, there: int) -> str:
    """A caption's words on dots that are left out; empty if all dots are drawn."""
    return f" {shown:,} of {there:,} dots are drawn." if shown < there else ""
