"""Rules that the options of several systems obey; each message says what would be right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from focus_core.errors import require
from focus_core.systems.counts import COUNTS

if TYPE_CHECKING:
    from focus_core.options.model import ModelConfig


def check_heads(width: int, heads: int) -> None:
    """Heads divide the width, and each is of an even width."""
    require(
        width % (2 * heads) == 0,
        f"model.heads = {heads} must divide model.width = {width} into heads of an "
        "even width (rotary positions turn pairs)",
    )


def check_mode(given: ModelConfig) -> None:
    """Only the paper's mode sees the future."""
    leaks = given.leaks()
    require(
        given.mode == "paper" or not leaks,
        f"{leaks[0] if leaks else ''} sees the future: study it with model.mode=paper",
    )


def check_even_keys(key_width: int | None) -> None:
    """Rotary positions turn pairs of a key's numbers."""
    require(
        (key_width or 0) % 2 == 0,
        f"model.key_width = {key_width} must be even (rotary positions turn pairs)",
    )


def check_divides(length: int, name: str, size: int, count: int | None) -> None:
    """A length in tokens, or the count it was given as, divides the sequence.

    Args:
        length: of the sequence.
        name: of the count: ``bins`` or ``chunks``.
        size: the resolved length in tokens.
        count: what was given instead, if anything was.
    """
    given, value = (COUNTS[name], size) if count is None else (name, count)
    require(
        length % value == 0,
        f"model.{given} = {value} does not divide task.length = {length}: "
        f"use one of {_divisors(length)}",
    )


def _divisors(n: int) -> str:
    small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    return ", ".join(str(d) for d in sorted({*small, *(n // d for d in small)}))


FEW_TOKENS = 8
"""A chunk below it gives attention next to nothing to choose from."""


def short_chunk(chunk_length: int, length: int) -> tuple[str, ...]:
    """A caution, where a chunk of a sequence of ``length`` tokens is that short."""
    if not chunk_length < FEW_TOKENS <= length:
        return ()
    return (
        f"model.chunk_length = {chunk_length} leaves attention next to nothing to "
        f"choose from; use {FEW_TOKENS} or more",
    )
