"""Drawings of axes: levels with their intervals, curves over the values tried, cells of two axes.

A drawing is as wide as a phone, so that its words stay readable there; many columns of cells need
a wider drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from analysis.findings.axis_results import AxisLevel, AxisResult, Curve, Interaction
from analysis.sections.digits import Format
from analysis.sections.plot import Plot
from analysis.sections.scales import logarithmic
from analysis.sections.theme import Palette
from analysis.sections.thinning import thinned

WIDTH = 4.1
MOST_LEVELS = 20
UPRIGHT = 8
"""Up to so many levels with short labels stand side by side; else each level has its own line."""
MOST_DOTS = 400
"""Most dots of a figure."""
LONGEST = 22
NARROW_LABEL = 9

Floats = NDArray[np.float64]


def levels_drawn(axis: AxisResult) -> list[AxisLevel]:
    """The levels that a figure has room for: of many levels, those with the extreme means."""
    found = [level for level in axis.levels if level.mean is not None]
    if len(found) <= MOST_LEVELS:
        return found
    ranked = sorted(found, key=lambda level: level.mean or 0.0)
    kept = {level.label for level in (*ranked[: MOST_LEVELS // 2], *ranked[-MOST_LEVELS // 2 :])}
    return [level for level in ranked if level.label in kept]


def dots_drawn(axis: AxisResult) -> tuple[int, int]:
    """Number of dots that the axis's figure draws, and number of scores that they stand for."""
    if axis.curve is not None:
        return len(thinned(axis.curve.tried, MOST_DOTS)), len(axis.curve.tried)
    levels = levels_drawn(axis)
    most = MOST_DOTS // max(1, len(levels))
    shown = sum(len(thinned(level.points, most)) for level in levels)
    return shown, sum(len(level.points) for level in levels)


def effect(axis: AxisResult, score: str) -> Plot:
    """The levels of an axis, or its curve; ``score`` names what the scores are."""
    if axis.curve is not None:
        return Plot(size=(WIDTH, 2.7), draw=partial(_draw_curve, axis, axis.curve, score))
    levels = levels_drawn(axis)
    upright = len(levels) <= UPRIGHT and all(len(level.label) <= 6 for level in levels)
    height = 2.7 if upright else 0.9 + 0.27 * len(levels)
    draw = partial(_draw_levels, axis, levels, score, upright=upright)
    return Plot(size=(WIDTH, height), draw=draw)


def _draw_levels(
    axis: AxisResult,
    levels: Sequence[AxisLevel],
    score: str,
    ax: Axes,
    colours: Palette,
    *,
    upright: bool,
) -> None:
    """Dots are scores, diamonds are means, bars are intervals; the dashed line is the average."""
    for place, level in enumerate(levels):
        dots: Floats = thinned(np.array(level.points), MOST_DOTS // len(levels))
        across = place - 0.2 + _beside(len(dots))
        strong = colours.accent if axis.differs else colours.quiet
        pairs = (across, dots) if upright else (dots, across)
        ax.scatter(*pairs, s=9, color=colours.quiet, alpha=0.55, linewidths=0, zorder=2)
        at = (place, level.mean) if upright else (level.mean, place)
        ax.plot(*at, marker="D", ms=6, color=strong, zorder=4)
        if level.low is not None and level.high is not None:
            ends = [level.low, level.high]
            bar = ([place] * 2, ends) if upright else (ends, [place] * 2)
            ax.plot(*bar, color=strong, lw=2.2, solid_capstyle="round", zorder=3)
    average = float(np.mean([level.mean for level in levels]))
    names = [_cut(level.label) for level in levels]
    dashed: dict[str, Any] = {"color": colours.quiet, "lw": 0.9, "ls": (0, (4, 3)), "zorder": 1}
    if upright:
        ax.axhline(average, **dashed)
        ax.set_xticks(range(len(names)), names)
        ax.set(xlim=(-0.6, len(names) - 0.4), xlabel=axis.name, ylabel=score)
        ax.grid(visible=False, axis="x")
    else:
        ax.axvline(average, **dashed)
        ax.set_yticks(range(len(names)), names)
        ax.set(ylim=(len(names) - 0.4, -0.6), xlabel=score)
        ax.set_title(axis.name, fontweight="normal", fontsize=mpl.rcParams["font.size"])
        ax.grid(visible=False, axis="y")


def _draw_curve(axis: AxisResult, curve: Curve, score: str, ax: Axes, colours: Palette) -> None:
    """Dots are trials; the curve, with its band, has the other axes at their average."""
    import seaborn as sns  # slow to import (pandas, scipy.stats), and not always needed

    strong = colours.accent if axis.differs else colours.quiet
    order = np.argsort(curve.tried, kind="stable")
    tried, scores = (thinned(found[order], MOST_DOTS) for found in (curve.tried, curve.scores))
    dots: dict[str, Any] = {"s": 9, "color": colours.quiet, "alpha": 0.55, "linewidth": 0}
    sns.scatterplot(x=tried, y=scores, ax=ax, zorder=2, **dots)
    if np.isfinite(curve.low).all():
        ax.fill_between(curve.at, curve.low, curve.high, color=strong, alpha=0.18, lw=0, zorder=1)
    ax.plot(curve.at, curve.mean, color=strong, lw=2.2, zorder=3)
    room = 0.15 * (np.ptp(scores) or 1.0)
    ax.set_ylim(
        min(scores.min(), curve.mean.min()) - room, max(scores.max(), curve.mean.max()) + room
    )
    if axis.log:
        logarithmic(ax, "x")
    ax.set(xlabel=axis.name, ylabel=score)


def cells(found: Interaction, scores: Format) -> Plot:
    """The mean score of each cell, and the number of trials in the mean."""
    rows, columns = len(found.row_levels), len(found.column_levels)
    size = (max(WIDTH, 1.3 + 0.62 * columns), 1.0 + 0.5 * rows)
    return Plot(size=size, draw=partial(_draw_cells, found, scores))


def _draw_cells(found: Interaction, scores: Format, ax: Axes, colours: Palette) -> None:
    cells = np.array([[np.nan if c is None else c for c in row] for row in found.cells])
    rows, columns = cells.shape
    words = [
        ["" if value is None else f"{scores.score(value)}\nn = {count}" for value, count in pairs]
        for pairs in map(zip, found.cells, found.counts)
    ]
    below, beside = (
        [_cut(label.replace(" to ", "\nto ")) for label in labels]
        for labels in (found.column_levels, found.row_levels)
    )
    ax.pcolormesh(cells, cmap="cividis", edgecolors=colours.ground, linewidth=2)
    middle = (np.nanmin(cells) + np.nanmax(cells)) / 2
    for row, column in np.argwhere(np.isfinite(cells)):
        ink = "black" if cells[row, column] > middle else "white"
        where = (column + 0.5, row + 0.5)
        ax.text(*where, words[row][column], size=8, color=ink, ha="center", va="center")
    ax.set_xticks(np.arange(columns) + 0.5, below)
    ax.set_yticks(np.arange(rows) + 0.5, beside)
    ax.invert_yaxis()
    ax.tick_params(labelsize=8.5, length=0, labelrotation=0)
    if max(len(line) for label in below for line in label.split("\n")) > NARROW_LABEL:
        ax.tick_params(axis="x", labelrotation=45)
    ax.set(xlabel=found.columns, ylabel=found.rows)
    ax.grid(visible=False)


def _beside(count: int) -> Floats:
    """Offsets of a level's dots beside its bar, chosen so that dots do not hide one another."""
    if count == 1:
        return np.zeros(1)
    turns = np.arange(count) * 0.618034 % 1.0  # golden ratio: even for any count
    return np.asarray(0.3 * (turns - 0.5), dtype=np.float64)


def _cut(label: str, longest: int = LONGEST) -> str:
    return label if len(label) <= longest else f"{label[: longest - 1]}…"


def strongest(axes: Sequence[AxisResult]) -> list[AxisResult]:
    """The axes by evidence, the strongest first; untested axes come last."""
    return sorted(
        axes, key=lambda a: (not a.differs, a.p_holm is None, a.p_holm or 0.0, a.p or 0.0)
    )
