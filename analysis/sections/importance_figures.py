"""Drawings of importances: shares with intervals, and the effects of the strongest axes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from analysis.findings.importances import AxisCurve, AxisImportance
from analysis.sections.card import Theme
from analysis.sections.plot import Plot
from analysis.sections.scales import logarithmic
from analysis.sections.theme import PALETTES, Palette
from analysis.sections.thinning import thinned, thinned_words

MOST_BARS = 20
MOST_DOTS = 300
BESIDE = 0.16  # distance of dots from their choice's mean


def bars(axes: Sequence[AxisImportance]) -> Plot:
    """One line per axis: its share and interval; a hollow mark if the axis is not detectable.

    Of many axes, those with the largest shares are drawn.
    """
    shown = axes[:MOST_BARS]
    return Plot(size=(7.2, 1.0 + 0.38 * len(shown)), draw=partial(_draw_bars, shown))


def _draw_bars(axes: Sequence[AxisImportance], ax: Axes, colours: Palette) -> None:
    for y, axis in enumerate(axes):
        color = colours.accent if axis.detectable else colours.quiet
        ax.plot([100 * axis.low, 100 * axis.high], [y, y], color=color, linewidth=2.2)
        if axis.detectable:
            ax.scatter([100 * axis.share], [y], s=46, color=color, zorder=3)
        else:
            ax.scatter([100 * axis.high], [y], s=26, facecolors="none", edgecolors=color, zorder=3)
    ax.set_yticks(range(len(axes)), [axis.name for axis in axes])
    ax.set_ylim(len(axes) - 0.5, -0.5)
    ax.set_xlim(-2, 102)
    ax.set_xlabel("part in what the axes do, %")
    ax.grid(visible=False, axis="y")


def curves(found: Sequence[AxisCurve], metric: str, theme: Theme) -> Figure:
    """The surrogate's mean and interval along each axis, and the trials as dots."""
    colours = PALETTES[theme]
    figure = Figure(figsize=(max(4.2, 3.4 * len(found)), 3.2), layout="constrained")
    panels = figure.subplots(1, len(found), sharey=True, squeeze=False)[0]
    for curve, ax in zip(found, panels, strict=True):
        _curve(curve, ax, colours)
    panels[0].set_ylabel(f"test {metric}")
    return figure


def curve_alone(curve: AxisCurve, metric: str) -> Plot:
    """One panel of ``curves``."""

    def draw(ax: Axes, colours: Palette) -> None:
        _curve(curve, ax, colours)
        ax.set_ylabel(f"test {metric}")

    return Plot(size=(4.2, 3.2), draw=draw)


def dots_words(found: Sequence[AxisCurve]) -> str:
    """The caption's words on dots that ``curves`` leaves out."""
    there = [curve.raw for curve in found]
    return thinned_words(sum(len(thinned(raw, MOST_DOTS)) for raw in there), sum(map(len, there)))


def _curve(curve: AxisCurve, ax: Axes, colours: Palette) -> None:
    raw = thinned(curve.raw, MOST_DOTS)
    place = {repr(value): float(x) for x, value in enumerate(curve.values)}
    x = [place[repr(value)] - BESIDE if curve.choices else value for value, _ in raw]
    ax.scatter(x, [score for _, score in raw], s=16, color=colours.quiet, alpha=0.6, linewidths=0)
    if curve.choices:
        at = np.arange(len(curve.values))
        errors = [np.subtract(curve.mean, curve.low), np.subtract(curve.high, curve.mean)]
        ax.errorbar(at, curve.mean, errors, fmt="o", color=colours.accent, linewidth=2, zorder=4)
        names = ["none" if value is None else _short(value) for value in curve.values]
        upright = sum(map(len, names)) > 24
        ax.set_xticks(at, names, rotation=90 if upright else 0, fontsize=8 if upright else None)
        ax.set_xlim(-0.6, len(at) - 0.4)
        ax.grid(visible=False, axis="x")
    else:
        ax.fill_between(curve.values, curve.low, curve.high, color=colours.accent, alpha=0.22)
        ax.plot(curve.values, curve.mean, color=colours.accent, linewidth=2)
        if curve.log:
            logarithmic(ax, "x")
    ax.set_xlabel(curve.name)


def _short(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
