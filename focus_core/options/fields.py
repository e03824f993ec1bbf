"""The declaration of an option: its range, where it has an effect, and what it only spells."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

WHEN, RANGE, SPELLS, COUNT, LATER = "when", "range", "spells", "count", "later"


class Range(NamedTuple):
    """The values that an option may have."""

    contains: Callable[[Any], bool]
    words: str


POSITIVE = Range(lambda value: value > 0, "above 0")
NOT_NEGATIVE = Range(lambda value: value >= 0, "0 or more")
FRACTION = Range(lambda value: 0 <= value < 1, "in [0, 1)")


def one_of(names: Collection[str]) -> Range:
    """The range of the words in ``names``."""
    return Range(lambda value: value in names, f"one of {', '.join(names)}")


def option(
    default: Any,
    range: Range | None = None,
    *,
    when: Callable[[Any, Any], bool] | None = None,
    spells: str = "",
    count: bool = False,
    later: bool = False,
) -> Any:
    """Declare an option of a model, a task or the training.

    Args:
        default: the value where no other value is given.
        range: the allowed values; None is always allowed where the kind allows it.
        when: decides from the resolved model and the task whether the option has an effect; an
            option without effect is no part of a trial's identity.
        spells: the option that follows from this one; this one is no part of a trial's identity.
        count: whether the option is a count, so that the length it gives depends on the length of
            a sequence; only ``mode="paper"`` allows a count.
        later: whether the option was added when trials had been recorded without it; at its
            default it is no part of a trial's identity, so that their ids stay.
    """
    metadata = {WHEN: when, RANGE: range, SPELLS: spells, COUNT: count, LATER: later}
    return dataclasses.field(default=default, metadata=metadata)
