"""What a config field says of itself: its range, where it has any effect, since when it exists."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from focus_core.config import TrialConfig

WHEN, LATER, RANGE = "when", "later", "range"
SPELLINGS = ("bins", "chunks", "nfft_factor")  # resolved into bin_length, chunk_length, nfft


class Range(NamedTuple):
    """The values that a field may have."""

    contains: Callable[[Any], bool]
    words: str


POSITIVE = Range(lambda value: value > 0, "above 0")
NOT_NEGATIVE = Range(lambda value: value >= 0, "0 or more")
FRACTION = Range(lambda value: 0 <= value < 1, "in [0, 1)")


def one_of(names: Collection[str]) -> Range:
    """The words of a registry."""
    return Range(lambda value: value in names, f"one of {', '.join(names)}")


def option(
    default: Any,
    range: Range | None = None,
    *,
    when: Callable[[TrialConfig], bool] | None = None,
    later: bool = False,
) -> Any:
    """A config field.

    Args:
        default: its value where nothing else is said.
        range: the values it may have; None is always one where the kind allows it.
        when: under which trial it has any effect; elsewhere it is left out of the identity.
        later: added after release: left out of the identity while it has its default, so that
            old trial ids stay.
    """
    return dataclasses.field(default=default, metadata={WHEN: when, LATER: later, RANGE: range})
