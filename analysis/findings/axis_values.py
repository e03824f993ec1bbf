"""The values of an axis among the used trials: levels or a curve, and the level of each trial."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.reading.arms import Arm, short
from analysis.statistics.columns import MOST_KNOTS, curve_columns, knots_of, level_columns

MOST_LEVELS = 8
"""A numeric axis with more values than this is a curve."""
BINS = 4
LOG_RATIO = 16
"""Numeric choices are drawn on a log scale from this ratio of largest to smallest on."""

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class AxisValues:
    """One axis as it was tried.

    Attributes:
        key: the axis' key in the sweep.
        labels: labels of the levels; for a curve, of four bins with about as many trials each.
        codes: the level or bin of each trial, -1 where the axis is absent, (trials,).
        amounts: the number of each trial, NaN where absent, (trials,); None for an axis without
            numbers.
        at: the number of each level; None for a curve or an axis without numbers.
        ends: the smallest and the largest number that the sweep allows; None for an axis without
            numbers.
        log: whether the axis is on a log scale.
        continuous: whether the axis is a curve.
    """

    key: str
    labels: tuple[str, ...]
    codes: Codes
    amounts: Floats | None
    at: tuple[float, ...] | None
    ends: tuple[float, float] | None
    log: bool
    continuous: bool

    @property
    def name(self) -> str:
        """The axis' name for readers."""
        return short(self.key)

    @property
    def has(self) -> NDArray[np.bool_]:
        """Which trials have the axis, (trials,)."""
        return self.codes >= 0

    @property
    def width(self) -> int:
        """The largest number of columns that the axis takes in a linear model."""
        return MOST_KNOTS if self.continuous else len(self.labels)

    def scaled(self, rows: Codes) -> Floats:
        """The numbers of the trials on the axis' own scale, log or linear, (rows,)."""
        assert self.amounts is not None
        return np.log(self.amounts[rows]) if self.log else self.amounts[rows]

    def columns(self, rows: Codes) -> Floats:
        """Columns for a linear model, for trials that all have the axis."""
        if not self.continuous:
            return self.groups(rows)
        values = self.scaled(rows)
        return curve_columns(values, knots_of(values))

    def line(self, rows: Codes) -> Floats | None:
        """The numbers as one standardised column; None for an axis without numbers."""
        if self.amounts is None:
            return None
        values = self.scaled(rows)
        length = float(np.std(values))
        column: Floats = ((values - values.mean()) / length)[:, None] if length else values[:, None]
        return column

    def groups(self, rows: Codes) -> Floats:
        """Indicator columns of the levels or bins, without those that have no trial."""
        kept, codes = np.unique(self.codes[rows], return_inverse=True)
        return level_columns(codes, len(kept))


def axis_values(axis: Mapping[str, Any], arms: Sequence[Arm]) -> AxisValues:
    """The values of the axis for these arms, in the order of the arms."""
    key = str(axis["key"])
    found = [arm.point[key] for arm in arms if key in arm.point]
    values = list(dict.fromkeys(found))
    numbers = bool(values) and all(_is_number(value) for value in values)
    if numbers:
        values.sort()
    else:
        choices = list(axis.get("choices") or [])
        values.sort(key=lambda v: choices.index(v) if v in choices else len(choices))
    ends = _ends(axis) if numbers else None
    log = _log(axis, ends)
    amounts = None
    if numbers:
        amounts = np.array([float(arm.point.get(key, math.nan)) for arm in arms])
    continuous = numbers and len(values) > MOST_LEVELS
    number_of = {value: i for i, value in enumerate(values)}
    codes = np.array([number_of[arm.point[key]] if key in arm.point else -1 for arm in arms])
    labels = tuple(level_label(value) for value in values)
    if continuous:
        codes, labels = _bins(codes, values)
    return AxisValues(
        key=key,
        labels=labels,
        codes=codes.astype(np.int64),
        amounts=amounts,
        at=tuple(float(v) for v in values) if numbers and not continuous else None,
        ends=ends,
        log=log,
        continuous=continuous,
    )


def _bins(codes: Codes, values: Sequence[float]) -> tuple[Codes, tuple[str, ...]]:
    """Up to four bins with about as many trials each; equal values share a bin."""
    has = codes >= 0
    cuts = np.unique(np.quantile(codes[has], np.arange(1, BINS) / BINS, method="lower"))
    bins = np.where(has, np.searchsorted(cuts, codes, side="left"), -1)
    kept, again = np.unique(bins[has], return_inverse=True)
    bins[has] = again
    labels = []
    for number in range(len(kept)):
        inside = codes[bins == number]
        labels.append(f"{values[inside.min()]:.2g} to {values[inside.max()]:.2g}")
    return bins, tuple(labels)


def _ends(axis: Mapping[str, Any]) -> tuple[float, float] | None:
    if axis["kind"] == "categorical":
        choices = list(axis["choices"])
        numbers = all(_is_number(choice) for choice in choices)
        return (float(min(choices)), float(max(choices))) if numbers else None
    return float(axis["low"]), float(axis["high"])


def _log(axis: Mapping[str, Any], ends: tuple[float, float] | None) -> bool:
    if ends is None or ends[0] <= 0:
        return False
    return bool(axis.get("log", axis["kind"] == "categorical" and ends[1] / ends[0] >= LOG_RATIO))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def level_label(value: object) -> str:
    """A value as text for readers."""
    if value is None:
        return "none"  # as --set spells it
    return f"{value:.3g}" if isinstance(value, float) else str(value)
