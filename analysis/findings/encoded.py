"""The points of trials, encoded as numbers for a surrogate, and decoded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.reading.arms import Arm, short
from analysis.statistics.kernel import Floats


@dataclass(frozen=True, kw_only=True)
class EncodedAxis:
    """One axis that varied among the trials.

    Attributes:
        key: the axis' key in the ledger.
        choices: the choices that were trained in full, in the axis' own order; empty for a number.
        low: the axis' lower end; only for a number.
        high: the axis' upper end; only for a number.
        log: whether the range is on a log scale.
    """

    key: str
    choices: tuple[Any, ...] = ()
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    @property
    def name(self) -> str:
        """The axis' name for readers."""
        return short(self.key)

    def code(self, value: Any) -> float:
        """The code of a value for ``statistics.kernel``: 0 to 1, or the number of a choice."""
        if self.choices:
            return float(self.choices.index(value))
        low, high, at = (math.log(x) if self.log else x for x in (self.low, self.high, value))
        return min(1.0, max(0.0, (at - low) / (high - low)))

    def value(self, code: float) -> Any:
        """The value that ``code`` stands for."""
        if self.choices:
            return self.choices[int(code)]
        if not self.log:
            return self.low + code * (self.high - self.low)
        low, high = math.log(self.low), math.log(self.high)
        return math.exp(low + code * (high - low))


def encoded_axes(axes: Sequence[Mapping[str, Any]], found: Sequence[Arm]) -> list[EncodedAxis]:
    """The axes that have two values or more among the trials."""
    encoded = []
    for axis in axes:
        key = str(axis["key"])
        values = list(dict.fromkeys(arm.point[key] for arm in found if key in arm.point))
        if len(values) < 2:
            continue
        if axis["kind"] == "categorical":
            ordered = tuple(choice for choice in axis["choices"] if choice in values)
            encoded.append(EncodedAxis(key=key, choices=ordered))
        else:
            low, high = float(axis["low"]), float(axis["high"])
            encoded.append(EncodedAxis(key=key, low=low, high=high, log=bool(axis["log"])))
    return encoded


def encoded_points(axes: Sequence[EncodedAxis], found: Sequence[Arm]) -> Floats:
    """The trials' points, (trials, axes); NaN where an axis had no effect."""
    return np.array(
        [
            [axis.code(arm.point[axis.key]) if axis.key in arm.point else math.nan for axis in axes]
            for arm in found
        ]
    ).reshape(len(found), len(axes))
