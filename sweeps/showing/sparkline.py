"""A curve in one line of text."""

from __future__ import annotations

import math
from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
ASCII = "_.,-=+*#"
"""For a terminal without blocks: a denser character stands for a higher value."""


def sparkline(
    values: Sequence[float | None],
    low: float,
    high: float,
    *,
    width: int = 12,
    ascii_only: bool = False,
) -> str:
    """The curve, from the first value to the last one, in at most ``width`` letters.

    Args:
        values: in the order of steps; a value that is missing or not finite leaves a gap.
        low: the value at the bottom; curves with the same ``low`` and ``high`` can be compared.
        high: the value at the top.
        width: letters at most.
        ascii_only: draw with letters that every terminal has.
    """
    marks = ASCII if ascii_only else BLOCKS
    count = min(width, len(values))
    last = len(values) - 1
    places = [round(i * last / max(1, count - 1)) for i in range(count - 1)] + [last] * bool(count)
    return "".join(_mark(values[place], low, high, marks) for place in places)


def _mark(value: float | None, low: float, high: float, marks: str) -> str:
    if value is None or not math.isfinite(value):
        return " "
    share = (value - low) / (high - low) if high > low else 0.5
    return marks[min(len(marks) - 1, max(0, math.floor(share * len(marks))))]
