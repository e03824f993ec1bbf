"""Drawings. Each takes ``ax=None``, returns the axes and saves nothing; numbers come ready made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Data = Mapping[str, Any]
Curves = Mapping[int, tuple[Sequence[int], Sequence[float]]]

BLUE, ORANGE = "#0072b2", "#d55e00"  # told apart by every kind of colour vision
INK, GREY, PALE = "#1f2933", "#7b8794", "#cbd2d9"
STYLE: dict[Any, Any] = {
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9.5,
    "grid.color": "#e9edf1",
    "text.color": INK,
    "text.parse_math": False,  # a name may hold a dollar sign
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "focus",  # element names that do not change from run to run
}


def main_effect(
    effect: Data, *, metric: str, lines: Mapping[str, float], ax: Axes | None = None
) -> Axes:
    """Every trial and seed as a dot at its level, the level's mean with its 95 % interval.

    Args:
        effect: a row of the summary's ``effects``.
        metric: the axis' title.
        lines: levels to compare with, such as chance, by name.
        ax: where to draw; None makes a figure.
    """
    ax = ax or _new()
    for x, level in enumerate(effect["levels"]):
        dots = [
            (x + _spread(i, len(level["points"])), score)
            for i, seeds in enumerate(level["points"])
            for score in seeds
        ]
        _dots(ax, [x for x, _ in dots], [score for _, score in dots])
        _mean_bar(ax, x + 0.32, level, ORANGE)
    names = [level["level"].replace(" to ", "\nto ") for level in effect["levels"]]
    ax.set_xticks(range(len(names)), names)
    ax.set_xlim(-0.5, len(names) - 0.3)
    ax.set(xlabel=effect["name"], ylabel=metric)
    ax.grid(visible=False, axis="x")
    _reference_lines(ax, lines)
    return ax


def scores_by_arm(
    trials: Sequence[Data], *, metric: str, lines: Mapping[str, float], ax: Axes | None = None
) -> Axes:
    """One line an arm: each seed, the mean, its interval; leaky arms hollow, below the others."""
    ax = ax or _new()
    for y, trial in enumerate(trials):
        tests = list(trial["tests"].values())
        _dots(ax, tests, [y] * len(tests), hollow=trial["leaky"])
        _mean_bar(ax, y + 0.22, trial["test"], GREY if trial["leaky"] else ORANGE, sideways=True)
    names = [trial["name"] + (" (LEAKY)" if trial["leaky"] else "") for trial in trials]
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlabel(metric)
    ax.grid(visible=False, axis="y")
    _reference_lines(ax, lines, sideways=True)
    return ax


def heat_map(heat: Data, *, metric: str, ax: Axes | None = None) -> Axes:
    """Mean score for each pair of levels; an empty cell has no trial that may be ranked."""
    ax = ax or _new()
    cells = np.array([[np.nan if c is None else c for c in row] for row in heat["cells"]])
    sns.heatmap(
        cells,
        ax=ax,
        annot=True,
        fmt=".3f",
        cmap="cividis",
        linewidths=2,
        mask=np.isnan(cells),
        annot_kws={"size": 11},
        cbar_kws={"label": metric, "shrink": 0.85},
    )
    for y, x in zip(*np.nonzero(np.isnan(cells)), strict=True):
        ax.text(x + 0.5, y + 0.5, "none", ha="center", va="center", color=GREY)
    notes = [
        f"{level}\n({note})" if note else level
        for level, note in zip(heat["row_levels"], heat["row_notes"], strict=True)
    ]
    ax.set_yticklabels(notes, rotation=0)
    ax.set_xticklabels(heat["column_levels"])
    ax.set(xlabel=heat["columns"], ylabel=heat["rows"])
    ax.tick_params(length=0)
    return ax


def learning_curve(
    curves: Curves,
    *,
    title: str,
    state: str,
    lines: Mapping[str, float],
    ax: Axes | None = None,
) -> Axes:
    """Each seed thin, their mean thick; the mean only at steps where every seed has a score."""
    ax = ax or _new()
    color = BLUE if state == "complete" else GREY
    for steps, scores in curves.values():
        ax.plot(steps, scores, color=color, alpha=0.4, linewidth=0.9)
    shared = sorted(set.intersection(*(set(steps) for steps, _ in curves.values())))
    at = [dict(zip(steps, scores, strict=True)) for steps, scores in curves.values()]
    mean = [sum(seed[step] for seed in at) / len(at) for step in shared]
    ax.plot(shared, mean, color=color, linewidth=2.2)
    ax.set_title(title if state == "complete" else f"{title}\n[{state}]", fontsize=8.5)
    _reference_lines(ax, lines, labels=False)
    return ax


def importance(rows: Sequence[Data], *, ax: Axes | None = None) -> Axes:
    """Both methods side by side, with what resampling the trials makes of their shares."""
    ax = ax or _new()
    methods = (("fanova", "fANOVA", BLUE, -0.12), ("ped_anova", "PED-ANOVA", ORANGE, 0.12))
    for method, name, color, shift in methods:
        known = [(y + shift, row[method]) for y, row in enumerate(rows) if row[method]]
        for i, (y, share) in enumerate(known):
            label = name if i == 0 else None
            ax.plot([share["low"], share["high"]], [y, y], color=color, linewidth=2, alpha=0.6)
            ax.scatter([share["share"]], [y], color=color, s=46, zorder=3, label=label)
    names = [
        row["name"] + ("" if row["detectable"] else f"\n({row['verdict'].split(' (')[0]})")
        for row in rows
    ]
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set(
        xlim=(-0.02, 1.02),
        xlabel="share of importance, median and 95 % over resampled trials and seeds",
    )
    ax.grid(visible=False, axis="y")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    return ax


def differences(
    rows: Sequence[Data], *, reference: str, metric: str, ax: Axes | None = None
) -> Axes:
    """Each arm minus the reference: every seed, the mean and its interval, and zero."""
    ax = ax or _new()
    for y, row in enumerate(rows):
        seeds = list(row["by_seed"].values())
        _dots(ax, seeds, [y] * len(seeds))
        _mean_bar(ax, y + 0.22, {**row, "mean": row["difference"]}, ORANGE, sideways=True)
    ax.axvline(0, color=INK, linewidth=1)
    ax.set_yticks(range(len(rows)), [row["name"] for row in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.set_xlabel(f"{metric} minus that of {reference}, seed by seed")
    ax.grid(visible=False, axis="y")
    return ax


def _new() -> Axes:
    return Figure(figsize=(6, 3.6), layout="constrained").subplots()


def _dots(ax: Axes, x: Sequence[float], y: Sequence[float], *, hollow: bool = False) -> None:
    face, edge = ("none", GREY) if hollow else (BLUE, "none")
    ax.scatter(x, y, s=20, facecolors=face, edgecolors=edge, alpha=0.6, zorder=3)


def _spread(i: int, count: int) -> float:
    """Dots of one trial stand in one column; the trials of a level side by side."""
    return 0.0 if count == 1 else -0.22 + 0.4 * i / (count - 1)


def _mean_bar(ax: Axes, at: float, row: Data | None, color: str, *, sideways: bool = False) -> None:
    if row is None:
        return
    if row["low"] is not None:
        bar, place = [row["low"], row["high"]], [at, at]
        ax.plot(*((bar, place) if sideways else (place, bar)), color=color, linewidth=2.2, zorder=4)
    x, y = (row["mean"], at) if sideways else (at, row["mean"])
    ax.scatter(x, y, color=color, s=40, zorder=5, edgecolors="white", linewidths=0.8)


def _reference_lines(
    ax: Axes, lines: Mapping[str, float], *, sideways: bool = False, labels: bool = True
) -> None:
    for i, (name, value) in enumerate(lines.items()):
        draw = ax.axvline if sideways else ax.axhline
        draw(value, color=GREY, linewidth=1, linestyle=("--", ":")[i % 2], label=name, zorder=1)
    if lines and labels:
        ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=8)
