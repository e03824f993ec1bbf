"""What each axis does to the score on its own, and two axes together."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from analysis.evidence import ALPHA, Bounds, few, holm, mean_interval, paired
from analysis.levels import Level, levels
from analysis.permutation import range_p
from analysis.reading.arms import Arm, Row, short
from sweeps.command_line import counted

HEAT_PAIR = ("model.bin_length", "model.nfft_factor")
DIFFER = "the levels differ"


def main_effects(
    axes: Sequence[Mapping[str, Any]], found: Sequence[Arm], bounds: Bounds | None
) -> list[Row]:
    """A row for each axis with two levels or more; Holm corrects the verdicts over the axes."""
    varied = [(axis, row) for axis in axes if (row := _main_effect(axis, found, bounds))]
    ranked = [arm for arm in found if arm.ranked]
    p_values = [range_p(axis, axes, ranked) for axis, _ in varied]
    return [
        row | {"p": p, "p_holm": p_holm, "verdict": _verdict(row["n"], p_holm)}
        for (_, row), p, p_holm in zip(varied, p_values, holm(p_values), strict=True)
    ]


def _main_effect(
    axis: Mapping[str, Any], found: Sequence[Arm], bounds: Bounds | None
) -> Row | None:
    """Mean test score at each level, and how far the best and the worst level lie apart.

    Returns None where fewer than two levels have a ranked arm. The pair is chosen by the scores
    themselves, so its interval describes and decides nothing.
    """
    rows = []
    for level in levels(axis, found):
        scores = list(level.scores().values())
        interval = mean_interval(scores, bounds=bounds, sequences=_sequences(level, bounds))
        if interval is not None:
            rows.append((interval.mean, level, interval))
    if len(rows) < 2:
        return None
    low, high = min(rows, key=lambda r: r[0])[1], max(rows, key=lambda r: r[0])[1]
    span = (bounds[0] - bounds[1], bounds[1] - bounds[0]) if bounds else None
    counted = _sequences(low, bounds)
    apart = paired(high.scores(), low.scores(), bounds=span, sequences=counted)
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
        "lowest": low.label,
        "highest": high.label,
        "difference": gap.mean if gap else None,
        "low": gap.low if gap else None,
        "high": gap.high if gap else None,
        "n": gap.n if gap else 0,
    }


def _sequences(level: Level, bounds: Bounds | None) -> int | None:
    counts = [arm.sequences("test", bounds) for arm in level.arms]
    return min((count for count in counts if count), default=None)


def _verdict(n: int, p_holm: float) -> str:
    return few(n) or (DIFFER if p_holm <= ALPHA else "no detectable difference")


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
        own = {arm.number for arm in row.arms}
        shared = [[a for a in column.arms if a.number in own] for column in columns]
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
    return counted(bins, "bin")
