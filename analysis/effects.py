"""What each axis does to the score on its own, and two axes together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.arms import Arm, Row, short
from analysis.evidence import MIN_SEEDS, Bounds, mean_interval, paired

MAX_LEVELS = 8  # an axis with more values is read in quarters
GROUPS = 4
HEAT_PAIR = ("model.bin_length", "model.nfft_factor")


@dataclass(frozen=True, kw_only=True)
class Level:
    """The ranked arms that share one value (or one quarter of the values) of an axis."""

    label: str
    arms: tuple[Arm, ...]

    def scores(self) -> dict[int, float]:
        """Seed to the mean test score over the level's arms, for the seeds all of them have."""
        tests = [arm.scores("test") for arm in self.arms]
        seeds = set.intersection(*(set(t) for t in tests)) if tests else set()
        return {seed: math.fsum(t[seed] for t in tests) / len(tests) for seed in sorted(seeds)}


def levels(axis: Mapping[str, Any], found: Sequence[Arm]) -> list[Level]:
    """The axis' levels among the ranked arms, in the axis' own order."""
    key = str(axis["key"])
    alive = [arm for arm in found if arm.ranked and key in arm.point]
    values = list(dict.fromkeys(arm.point[key] for arm in alive))
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len(values):
        values.sort()
        if len(values) > MAX_LEVELS:
            return _quarters(key, alive)
    else:
        order = {str(choice): i for i, choice in enumerate(axis.get("choices") or [])}
        values.sort(key=lambda v: order.get(str(v), len(order)))
    return [
        Level(label=_text(v), arms=tuple(arm for arm in alive if arm.point[key] == v))
        for v in values
    ]


def _quarters(key: str, alive: Sequence[Arm]) -> list[Level]:
    ordered = sorted(alive, key=lambda arm: (arm.point[key], arm.number))
    groups = [list(g) for g in np.array_split(np.arange(len(ordered)), GROUPS) if len(g)]
    return [
        Level(
            label=f"{ordered[g[0]].point[key]:.2g} to {ordered[g[-1]].point[key]:.2g}",
            arms=tuple(ordered[i] for i in g),
        )
        for g in groups
    ]


def main_effect(axis: Mapping[str, Any], found: Sequence[Arm], bounds: Bounds | None) -> Row | None:
    """Mean test score at each level, and how far the best and the worst level lie apart.

    Returns None where fewer than two levels have a ranked arm. The difference is paired by seed;
    that the two levels were chosen because they are the extremes makes it a little too large.
    """
    rows, by_level = [], levels(axis, found)
    for level in by_level:
        interval = mean_interval(list(level.scores().values()), bounds=bounds)
        if interval is not None:
            rows.append((interval.mean, level, interval))
    if len(rows) < 2:
        return None
    low, high = min(rows, key=lambda r: r[0]), max(rows, key=lambda r: r[0])
    span = (bounds[0] - bounds[1], bounds[1] - bounds[0]) if bounds else None
    apart = paired(high[1].scores(), low[1].scores(), bounds=span)
    gap = apart.difference if apart else None
    return {
        "key": str(axis["key"]),
        "name": short(str(axis["key"])),
        "levels": [
            {
                "level": level.label,
                "mean": interval.mean,
                "low": interval.low,
                "high": interval.high,
                "seeds": interval.n,
                "trials": len(level.arms),
                "points": [list(arm.scores("test").values()) for arm in level.arms],
            }
            for _, level, interval in rows
        ],
        "lowest": low[1].label,
        "highest": high[1].label,
        "difference": gap.mean if gap else None,
        "low": gap.low if gap else None,
        "high": gap.high if gap else None,
        "n": gap.n if gap else 0,
        "verdict": _effect_verdict(gap.n if gap else 0, gap.low if gap else None),
    }


def _effect_verdict(n: int, low: float | None) -> str:
    if n < MIN_SEEDS or low is None:
        return f"undecided (n = {n} < {MIN_SEEDS} seeds)"
    return "the interval excludes 0" if low > 0 else "the interval holds 0"


def heat_axes(axes: Sequence[Mapping[str, Any]]) -> tuple[str, str] | None:
    """The two axes of the heat map: bin length and NFFT, else the only two there are."""
    keys = [str(axis["key"]) for axis in axes]
    if all(key in keys for key in HEAT_PAIR):
        return HEAT_PAIR
    return (keys[0], keys[1]) if len(keys) == 2 else None


def heat_map(
    axes: Sequence[Mapping[str, Any]], found: Sequence[Arm], length: int | None
) -> Row | None:
    """Mean test score for each pair of levels of two axes; None where there are no such axes.

    ``cells`` hold None where no ranked arm stands; ``trials`` says how many one averages.
    """
    pair = heat_axes(axes)
    by_key = {str(axis["key"]): axis for axis in axes}
    if pair is None:
        return None
    rows, columns = (levels(by_key[key], found) for key in pair)
    if not rows or not columns or max(len(rows), len(columns)) < 2:
        return None
    cells: list[list[float | None]] = []
    counts: list[list[int]] = []
    for row in rows:
        shared = [[a for a in row.arms if a in column.arms] for column in columns]
        means = [[arm.test for arm in cell if arm.test is not None] for cell in shared]
        cells.append([math.fsum(m) / len(m) if m else None for m in means])
        counts.append([len(m) for m in means])
    return {
        "rows": short(pair[0]),
        "columns": short(pair[1]),
        "row_levels": [row.label for row in rows],
        "row_notes": [_bins(pair[0], row.label, length) for row in rows],
        "column_levels": [column.label for column in columns],
        "cells": cells,
        "trials": counts,
    }


def _bins(key: str, label: str, length: int | None) -> str:
    if key != "model.bin_length" or not length or not label.isdigit():
        return ""
    bins = math.ceil(length / int(label))
    return f"{bins} bin{'s' * (bins > 1)}"


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
