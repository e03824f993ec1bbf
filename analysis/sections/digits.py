"""How numbers are printed: only with the digits that their noise leaves meaningful."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.reading.study import Study
from analysis.sections.card import Column, Table

NONE = "–"  # noqa: RUF001
"""The text for a missing number."""
OF_ERROR = 2
"""Scores end at this significant digit of their standard error: a further digit is noise."""
WITHOUT_ERROR = 4
"""Significant digits of the largest value if no noise is known."""
SMALLEST = 1e-3
"""If all values are smaller, they are written with a power of ten."""
MOST_DIGITS = 9
ROUNDING = 1e-12
"""A standard error below this fraction of the largest value is ignored as rounding."""
TO_THE_RIGHT = ("number", "difference", "interval", "p", "count")
"""Kinds of columns whose cells are numbers."""


@dataclass(frozen=True)
class Format:
    """How scores of one metric are printed.

    Attributes:
        digits: number of decimals.
        power: exponent of the power of ten after the number; 0 for none.
    """

    digits: int = 3
    power: int = 0

    def score(self, value: float | None) -> str:
        """A score such as ``0.735`` or ``1.02e-5``; a dash for None."""
        return self._written(value, "")

    def difference(self, value: float | None) -> str:
        """A difference with its sign; a value that rounds to 0 has no sign."""
        return self._written(value, "+")

    def interval(self, low: float | None, high: float | None, *, signed: bool = False) -> str:
        """``0.65 to 0.81``; with one open end ``at least`` or ``at most``; with two, a dash."""
        told = self.difference if signed else self.score
        if low is None and high is None:
            return NONE
        if low is None:
            return f"at most {told(high)}"
        return f"at least {told(low)}" if high is None else f"{told(low)} to {told(high)}"

    def _written(self, value: float | None, sign: str) -> str:
        if value is None:
            return NONE
        if not math.isfinite(value):
            return "not finite"
        rounded = round(value / 10.0**self.power, self.digits) + 0.0  # never -0.000
        sign = sign if rounded else ""
        return f"{rounded:{sign}.{self.digits}f}" + (f"e{self.power}" if self.power else "")


def format_for(errors: Iterable[float], values: Iterable[float]) -> Format:
    """The format that shows two significant digits of the median standard error.

    Args:
        errors: standard errors of the printed values; empty if no error is known.
        values: the printed values.
    """
    sizes = _sizes(values)
    largest = max(sizes, default=1.0)
    known = [error for error in _sizes(errors) if error > ROUNDING * largest]
    if known:
        digits = OF_ERROR - 1 - _place(float(np.median(known)))
    else:
        digits = WITHOUT_ERROR - 1 - _place(largest)
    power = _place(largest) if largest < SMALLEST else 0
    return Format(digits=min(max(digits + power, 0), MOST_DIGITS), power=power)


def study_format(study: Study) -> Format:
    """The format of a study's scores, from the standard errors of the trials' means."""
    found = [list(arm.tests.values()) or list(arm.values.values()) for arm in study.trials]
    errors = [float(np.std(s, ddof=1)) / math.sqrt(len(s)) for s in found if len(s) > 1]
    return format_for(errors, [score for scores in found for score in scores])


def p_value(p: float | None) -> str:
    """A p-value as text; a small one is ``< 0.001``, never 0."""
    if p is None or not math.isfinite(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def plain(value: float | None) -> str:
    """A number that is no score, with three significant digits.

    From 1000 on, all digits before the point are printed; below 0.001, two significant digits.
    """
    if value is None:
        return NONE
    if not math.isfinite(value):
        return "not finite"
    if value == 0 or abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) < 1e-3:
        return f"{value:.1e}"
    return f"{value:.{max(0, 2 - _place(value))}f}"


def cell_text(column: Column, value: Any, scores: Format, *, signed: bool = False) -> str:
    """The text of a cell; several marks are joined by commas.

    Args:
        column: the column of the cell.
        value: the cell's value in ``Table.rows``.
        scores: how scores are printed.
        signed: whether an interval is the interval of a difference.
    """
    if value is None:
        return NONE
    if column.kind == "interval":
        return _interval(column, value, scores, signed=signed)
    if isinstance(value, int | float):
        told = {"number": _number, "difference": _number, "p": _p, "count": _count}
        if column.kind in told:
            return told[column.kind](column, value, scores)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _interval(column: Column, value: Any, scores: Format, *, signed: bool) -> str:
    low, high = value
    if not column.unit:
        return scores.interval(low, high, signed=signed)
    return " to ".join("open" if end is None else plain(end) for end in (low, high))


def _p(_column: Column, value: float, _scores: Format) -> str:
    return p_value(value)


def _count(_column: Column, value: float, _scores: Format) -> str:
    """A count, or a setting of an axis, which may be a fraction."""
    if not math.isfinite(value):
        return "not finite"
    return f"{value:.4g}" if value % 1 else f"{value:,.0f}"


def is_signed(table: Table, at: int) -> bool:
    """Whether an interval in column ``at`` belongs to a difference in an earlier column."""
    before: Sequence[Column] = table.columns[:at]
    return any(column.kind == "difference" for column in before)


def _number(column: Column, value: float, scores: Format) -> str:
    if not column.unit:
        return scores.difference(value) if column.kind == "difference" else scores.score(value)
    sign = "+" if column.kind == "difference" and value > 0 else ""
    return sign + plain(value)


def _sizes(values: Iterable[float]) -> list[float]:
    return [abs(v) for v in values if math.isfinite(v) and abs(v) > 1e-300]


def _place(value: float) -> int:
    """The place of the first digit that is not 0: 2 for 123, -2 for 0.012."""
    return math.floor(math.log10(abs(value)))
