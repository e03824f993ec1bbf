"""Columns of tables for the numbers that trials report, as ``focus_core.metrics`` declares them."""

from __future__ import annotations

from analysis.sections.card import PURE, Column
from focus_core.metrics import REPORTED


def column(name: str) -> Column:
    """The column of a reported number."""
    number = REPORTED[name]
    return Column(title=number.words, kind="number", unit=number.unit, help=number.help)


def cell(name: str, value: float | None) -> float | None:
    """A reported number, converted to the unit of its column."""
    return None if value is None else value / REPORTED[name].unit_size


def label(name: str) -> str:
    """The label of a figure's axis, such as ``time a step, ms``."""
    number = REPORTED[name]
    return number.words if number.unit in ("", PURE) else f"{number.words}, {number.unit}"
