"""Figures of arms: every seed, the mean, the simultaneous interval, the margin, chance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from analysis.findings.comparison import Comparison
from analysis.findings.comparison_results import Comparisons
from analysis.reading.arms import Arm
from analysis.reading.study import Study
from analysis.sections.naming import main_axis
from analysis.sections.plot import Plot
from analysis.sections.theme import Palette

WIDTH = 5.6  # inches: still readable where a phone shrinks it
ROW, EDGES = 0.22, 0.95
LONGEST_LABEL = 30
GAP = 0.6  # rows between two levels of the main axis


class _Row(NamedTuple):
    """The marks of one arm at height ``y``; ``ends`` are the ends of its interval."""

    y: float
    seeds: Sequence[float]
    mean: float
    ends: tuple[float, float] | None
    colour: str


def most_telling(study: Study, found: Comparisons, most: int) -> list[Arm]:
    """The reference and the ``most`` - 1 arms furthest from it, in drawing order.

    Arms go by the levels of the main axis, if there is one; otherwise the best arm comes first.
    """
    assert found.reference is not None
    far = sorted(found.rows, key=lambda row: (-abs(row.difference), row.arm.number))
    kept = {found.reference.number, *(row.arm.number for row in far[: most - 1])}
    arms = [arm for arm in study.ranked if arm.number in kept]
    key = main_axis(arms, study.compared_axes)
    if key is not None:
        levels = list(dict.fromkeys(str(arm.point.get(key)) for arm in arms))
        return sorted(arms, key=lambda arm: (levels.index(str(arm.point.get(key))), arm.number))
    return sorted(arms, key=lambda arm: (-study.metric.sign * _mean(arm), arm.number))


def scores(study: Study, found: Comparisons, most: int) -> Plot:
    """One line per arm on the metric's scale; an interval is that of the arm's difference.

    Args:
        study: the sweep.
        found: its comparisons: one at least.
        most: number of arms to draw, with the reference, of which the others are furthest from it.
    """
    arms = most_telling(study, found, most)
    return Plot(size=_size(len(arms)), draw=partial(_draw_scores, study, found, arms))


def _draw_scores(
    study: Study, found: Comparisons, arms: Sequence[Arm], ax: Axes, colours: Palette
) -> None:
    reference = found.reference
    assert reference is not None
    centre = _mean(reference)
    by_number = {row.arm.number: row for row in found.rows}
    heights = _heights(study, arms)
    if study.metric.margin is not None:
        margin = study.metric.margin
        ax.axvspan(centre - margin, centre + margin, color=colours.band, lw=0, zorder=0)
    ax.axvline(centre, color=colours.quiet, lw=1, zorder=1)
    for chance in _chances(study, arms, found):
        ax.axvline(chance, color=colours.quiet, lw=1, ls=(0, (4, 3)), zorder=1)
        ax.text(chance, 1.01, "chance", ha="center", va="bottom", fontsize=8,
                color=colours.quiet, transform=ax.get_xaxis_transform())  # fmt: skip
    drawn = []
    for arm, y in zip(arms, heights, strict=True):
        row = by_number.get(arm.number)
        ends = None
        if row is not None and row.low is not None and row.high is not None:
            # the interval of the difference, moved so that it lies around the arm's mean
            shift = _mean(arm) - row.difference
            ends = _clipped(study, shift + row.low, shift + row.high)
        colour = colours.ink if arm is reference else _colour(row, colours)
        drawn.append(_Row(y, list(arm.scores("test").values()), _mean(arm), ends, colour))
    _draw_rows(ax, drawn)
    _finish(ax, heights, [_label(arm, arm is reference) for arm in arms], colours)
    ax.set_xlabel(f"test {study.metric.name}")


def by_difference(study: Study, found: Comparisons) -> list[Comparison]:
    """The comparisons, the best arm first."""
    return sorted(found.rows, key=lambda row: (-study.metric.sign * row.difference, row.arm.number))


def differences(study: Study, found: Comparisons, most: int) -> Plot:
    """A forest plot: each arm minus the reference, the best first.

    Args:
        study: the sweep.
        found: its comparisons: one at least.
        most: number of arms to draw; of more arms, those that are furthest from the reference.
    """
    rows = by_difference(study, found)
    if len(rows) > most:
        far = {row.arm.number for row in sorted(rows, key=lambda row: -abs(row.difference))[:most]}
        rows = [row for row in rows if row.arm.number in far]
    return Plot(size=_size(len(rows)), draw=partial(_draw_differences, study, found, rows))


def _draw_differences(
    study: Study, found: Comparisons, rows: Sequence[Comparison], ax: Axes, colours: Palette
) -> None:
    margin = study.metric.margin
    if margin is not None:
        ax.axvspan(-margin, margin, color=colours.band, lw=0, zorder=0)
    ax.axvline(0, color=colours.quiet, lw=1, zorder=1)
    heights = [float(y) for y in range(len(rows))]
    drawn = []
    for row, y in zip(rows, heights, strict=True):
        ends = None if row.low is None or row.high is None else (row.low, row.high)
        seeds = list(row.by_seed.values())
        drawn.append(_Row(y, seeds, row.difference, ends, _colour(row, colours)))
    _draw_rows(ax, drawn)
    _finish(ax, heights, [_label(row.arm, False) for row in rows], colours)
    name = found.reference.name if found.reference else ""
    ax.set_xlabel(f"test {study.metric.name}, difference from\n{_cut(name, 44)}")


def _size(rows: int) -> tuple[float, float]:
    return WIDTH, EDGES + ROW * max(rows, 2)


def _draw_rows(ax: Axes, rows: Sequence[_Row]) -> None:
    """Draw all rows with three artists: sixty arms take as long as two."""
    barred = [(row.y, *row.ends, row.colour) for row in rows if row.ends is not None]
    if barred:
        y, low, high, colours = zip(*barred, strict=True)
        looks: dict[str, Any] = {"lw": 2, "alpha": 0.75, "capstyle": "butt", "zorder": 2}
        ax.hlines(y, low, high, colors=list(colours), **looks)  # of a pair, it would take the first
    dots = [(seed, row.y, row.colour) for row in rows for seed in row.seeds]
    means = [(row.mean, row.y, row.colour) for row in rows]
    for marks, size, marker, alpha, above in ((dots, 11, "o", 0.6, 3), (means, 30, "D", 1.0, 4)):
        if marks:
            x, y, colours = zip(*marks, strict=True)
            ax.scatter(x, y, s=size, c=colours, marker=marker, alpha=alpha, lw=0, zorder=above)


def _finish(ax: Axes, heights: Sequence[float], labels: Sequence[str], colours: Palette) -> None:
    ax.set_yticks(heights, labels)
    ax.set_ylim(max(heights, default=0.0) + 0.7, -0.7)
    ax.tick_params(axis="y", length=0, labelsize=9)
    ax.grid(visible=False, axis="y")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="x", labelsize=9, color=colours.line)


def _heights(study: Study, arms: Sequence[Arm]) -> list[float]:
    """The height of each arm's row, with a gap between the levels of the main axis."""
    key = main_axis(arms, study.compared_axes)
    heights, y = [], 0.0
    for i, arm in enumerate(arms):
        if i and key is not None and arm.point.get(key) != arms[i - 1].point.get(key):
            y += GAP
        heights.append(y)
        y += 1.0
    return heights


def _chances(study: Study, arms: Sequence[Arm], found: Comparisons) -> list[float]:
    """The level of chance, if the metric is a proportion and all arms have the same level."""
    if not study.metric.is_proportion or not found.rows:
        return []
    known = {
        round(c, 6) for arm in arms if math.isfinite(c := arm.constants.get("chance", math.nan))
    }
    return sorted(known) if len(known) == 1 else []


def _clipped(study: Study, low: float, high: float) -> tuple[float, float]:
    bottom, top = study.metric.bounds or (-math.inf, math.inf)
    return max(low, bottom), min(high, top)


def _colour(row: Comparison | None, colours: Palette) -> str:
    if row is None:
        return colours.quiet
    return {"worse": colours.bad, "better": colours.good, "equivalent": colours.accent}.get(
        row.verdict, colours.quiet
    )


def _label(arm: Arm, is_reference: bool) -> str:
    return _cut(arm.name, LONGEST_LABEL) + (" (ref.)" if is_reference else "")


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


def _mean(arm: Arm) -> float:
    scores = list(arm.scores("test").values())
    return math.fsum(scores) / len(scores)
