"""Intervals of an axis, clipped to values that a score or a difference can have."""

from __future__ import annotations

from dataclasses import replace

from analysis.findings.axis_results import AxisResult
from focus_core.metrics import Bounds


def within(axis: AxisResult, bounds: Bounds | None) -> AxisResult:
    """The axis with scores clipped to the metric's range, and differences to its width."""
    if bounds is None:
        return axis
    width = bounds[1] - bounds[0]
    levels = [replace(v, low=_cut(v.low, bounds), high=_cut(v.high, bounds)) for v in axis.levels]
    apart = (-width, width)
    gap = axis.gap
    return replace(
        axis,
        levels=tuple(levels),
        gap=gap and replace(gap, low=_cut(gap.low, apart), high=_cut(gap.high, apart)),
        at_most=_cut(axis.at_most, apart),
        pairs=tuple(
            replace(p, low=_cut(p.low, apart), high=_cut(p.high, apart)) for p in axis.pairs
        ),
    )


def _cut(value: float | None, bounds: Bounds) -> float | None:
    return None if value is None else min(max(value, bounds[0]), bounds[1])
