"""What an option says of itself: its range, where it has any effect, what it only spells."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

WHEN, RANGE, SPELLS, COUNT = "when", "range", "spells", "count"


class Range(NamedTuple):
    """The values that an option may have."""

    contains: Callable[[Any], bool]
    words: str


POSITIVE = Range(lambda value: value > 0, "above 0")
NOT_NEGATIVE = Range(lambda value: value >= 0, "0 or more")
FRACTION = Range(lambda value: 0 <= value < 1, "in [0, 1)")


def one_of(names: Collection[str]) -> Range:
    """The words of a list."""
    return Range(lambda value: value in names, f"one of {', '.join(names)}")


def option(
    default: Any,
    range: Range | None = None,
    *,
    when: Callable[[Any, Any], bool] | None = None,
    spells: str = "",
    count: bool = False,
) -> Any:
    """An option of a model, a task or the training.

    Args:
        default: its value where nothing else is said.
        range: the values it may have; None is always one where the kind allows it.
        when: given the resolved model and the task, whether it has any effect; where it has none,
            it is no part of a trial's identity.
        spells: the option that follows from it; it is itself no part of a trial's identity.
        count: a count, which moves with the length of a sequence; only ``mode="paper"`` takes it.
    """
    metadata = {WHEN: when, RANGE: range, SPELLS: spells, COUNT: count}
    return dataclasses.field(default=default, metadata=metadata)
