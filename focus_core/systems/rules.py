"""Rules that the options of several systems obey; each message says what would be right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from focus_core.errors import require

if TYPE_CHECKING:
    from focus_core.config import ModelConfig, TrialConfig


def check_heads(model: ModelConfig) -> None:
    """Heads divide the width, and each is of an even width."""
    require(
        model.width % (2 * model.heads) == 0,
        f"model.heads = {model.heads} must divide model.width = {model.width} into heads of an "
        "even width (rotary positions turn pairs)",
    )


def check_mode(model: ModelConfig) -> None:
    """Only the paper's mode sees the future, and only there bins and chunks are counted."""
    if model.mode == "paper":
        return
    leaks = model.leaks()
    require(
        not leaks,
        f"{leaks[0] if leaks else ''} sees the future: study it with model.mode=paper",
    )
    given = [name for name in ("bins", "chunks") if getattr(model, name) is not None]
    require(
        not given,
        f"model.{given[0] if given else ''} is a count, which moves with the length: give "
        "the length in tokens, or model.mode=paper",
    )


def check_even_keys(model: ModelConfig) -> None:
    """Rotary positions turn pairs of a key's numbers."""
    key_width = model.key_width or 0
    require(
        key_width % 2 == 0,
        f"model.key_width = {key_width} must be even (rotary positions turn pairs)",
    )


def check_divides(trial: TrialConfig, name: str, size: int, count_name: str) -> None:
    """A length in tokens, or the count it was given as, divides the sequence."""
    length, count = trial.task.length, getattr(trial.model, count_name)
    given, value = (name, size) if count is None else (count_name, count)
    require(
        length % value == 0,
        f"model.{given} = {value} does not divide task.length = {length}: "
        f"use one of {_divisors(length)}",
    )


def _divisors(n: int) -> str:
    small = [d for d in range(1, math.isqrt(n) + 1) if n % d == 0]
    return ", ".join(str(d) for d in sorted({*small, *(n // d for d in small)}))
