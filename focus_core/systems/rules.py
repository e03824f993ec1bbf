"""Rules for the options of several systems; each error message says what would be right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from focus_core.errors import require
from focus_core.systems.counts import COUNTS

if TYPE_CHECKING:
    from focus_core.options.model import ModelConfig


def check_heads(width: int, heads: int) -> None:
    """Require that the heads divide the width, and that the width of a head is even."""
    require(
        width % (2 * heads) == 0,
        f"model.heads = {heads} must divide model.width = {width} into heads of an "
        "even width (rotary positions turn pairs)",
    )


def check_mode(given: ModelConfig) -> None:
    """Require the paper's mode for a model that sees the future."""
    leaks = given.leaks()
    require(
        given.mode == "paper" or not leaks,
        f"{leaks[0] if leaks else ''} sees the future: study it with model.mode=paper",
    )


def check_even_keys(key_width: int | None) -> None:
    """Require an even key width, since rotary positions turn pairs of a key's numbers."""
    require(
        (key_width or 0) % 2 == 0,
        f"model.key_width = {key_width} must be even (rotary positions turn pairs)",
    )


def check_divides(length: int, name: str, size: int, count: int | None) -> None:
    """Require that a length in tokens, or the count that gives it, divides the sequence.

    Args:
        length: the length of the sequence.
        name: the name of the count: ``bins`` or ``chunks``.
        size: the resolved length in tokens.
        count: the count, where one was given.
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
"""A chunk with fewer tokens gives attention very little to choose from."""


def short_chunk(chunk_length: int, length: int) -> tuple[str, ...]:
    """Warn where a chunk has fewer than ``FEW_TOKENS`` tokens, but the sequence does not."""
    if not chunk_length < FEW_TOKENS <= length:
        return ()
    return (
        f"model.chunk_length = {chunk_length} leaves attention next to nothing to "
        f"choose from; use {FEW_TOKENS} or more",
    )
