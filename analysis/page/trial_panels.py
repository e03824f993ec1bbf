"""The panels of the paper's Figures 2-4 for one trial, each drawn into one ``Axes``.

This module computes no results and saves nothing. ``trial_figures`` arranges panels for a page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, NullFormatter

from analysis.reading.look import layer_name
from analysis.sections.plot import Plot
from analysis.sections.theme import PALETTES, Palette

Data = Mapping[str, Any]

BLUE, ORANGE, GREY = (PALETTES["light"].accent, PALETTES["light"].warm, PALETTES["light"].quiet)
SHADES = {PALETTES["light"]: (0.35, 0.6), PALETTES["dark"]: (0.1, 0.45)}
"""Position of the first place in the colour map, and distance to the last place's position.

Both ends are visible on the background of the theme.
"""
SIZE = (6.4, 3.2)
"""Inches of a panel on a canvas of its own."""
LEAKY = " · LEAKY: it sees the future"
WORKS = {"forward": "forward", "step": "training step (forward and backward)"}
"""What is timed, with its title."""

FEW = 4
"""Evenly spaced places whose impulse responses are drawn into one panel."""
SILENT = 0.01
"""Fraction of the largest value below which a response is not drawn."""
MOST_DOTS = 40
"""Most steps of a response for which each value gets a dot."""
DEEPEST = 80.0
"""Range of the gain axis below the largest gain, in decibels."""


@dataclass(frozen=True, kw_only=True)
class Panel:
    """What one ``Axes`` shows.

    Attributes:
        title: what it is about.
        across: the label of the horizontal axis.
        up: the label of the vertical axis.
        lines: draws the numbers and their scales.
        legend: draws the legend.
    """

    title: str
    across: str
    up: str
    lines: Callable[[Axes, Palette], None]
    legend: Callable[[Axes, Palette], None]

    def alone(self, look: Data) -> Plot:
        """The panel with all its words, without a page around it."""

        def draw(ax: Axes, colours: Palette) -> None:
            self.lines(ax, colours)
            self.legend(ax, colours)
            ax.set(xlabel=self.across, ylabel=self.up, title=self.title)
            if look["leaks"]:
                ax.set_title(f"{self.title}{LEAKY}", color=ORANGE)

        return Plot(size=SIZE, draw=draw)


def impulse(look: Data, layer: Data, column: int) -> Panel:
    """Figure 2: the responses of one channel, by its place among ``look["channels"]``."""
    shown = few_places(layer)

    def lines(ax: Axes, colours: Palette) -> None:
        steps = audible(layer["impulse"], shown)
        marker = "o" if steps <= MOST_DOTS else ""
        for at, colour, width in _lines(layer, shown, colours):
            h_S = np.array(layer["impulse"][column][at], float)[:steps]
            ax.plot(h_S, color=colour, linewidth=width, marker=marker, markersize=2.4)
        ax.axhline(0, color=GREY, linewidth=0.7, zorder=1)

    return Panel(
        title=f"layer {layer_name(layer)}, channel {look['channels'][column]}",
        across=f"t, tokens {'before' if look['backwards'] else 'since'} the impulse",
        up="h[t]",
        lines=lines,
        legend=partial(_legend, layer, shown),
    )


def gain(look: Data, layer: Data, column: int) -> Panel:
    """Figure 4: in column 0 the gains of the mean of all channels, then those of each channel."""
    every = range(len(layer["places"]))
    groups = [layer["mean_db"], *layer["channel_db"]]
    names = ["all channels", *(f"channel {channel}" for channel in look["channels"])]

    def lines(ax: Axes, colours: Palette) -> None:
        for at, colour, width in _lines(layer, every, colours):
            gain_K = np.array(groups[column][at], float)
            ax.plot(np.linspace(0, 0.5, len(gain_K)), gain_K, color=colour, linewidth=width)
        ax.set_xlim(0, 0.5)
        ax.set_xticks([0, 0.25, 0.5], ["0", "0.25", "0.5"])
        _limit(ax, groups)

    return Panel(
        title=f"layer {layer_name(layer)}, {names[column]}",
        across="frequency, cycles a token",
        up="|H|, dB",
        lines=lines,
        legend=partial(_legend, layer, every),
    )


def speed(look: Data, work: str) -> Panel:
    """Figure 3: the milliseconds of one of the ``WORKS``."""

    def lines(ax: Axes, _: Palette) -> None:
        for mixer, rows in look["timings"].items():
            own = mixer == look["mixer"]
            ax.plot(
                [row["length"] for row in rows],
                [row[f"{work}_ms"] for row in rows],
                color=BLUE if own else ORANGE,
                marker="o" if own else "s",
                markersize=4,
                linestyle="-" if own else "--",
                label=f"this trial ({mixer})" if own else "full attention",
            )
        _logarithmic(ax)

    return Panel(
        title=WORKS[work],
        across="length, tokens",
        up="median milliseconds a sequence",
        lines=lines,
        legend=_named,
    )


def few_places(layer: Data) -> list[int]:
    """Indices of a few places, with the first, the last and the important one among them."""
    count = len(layer["places"])
    shown = {int(at) for at in np.linspace(0, count - 1, min(FEW, count)).round()}
    if layer["important"] is not None:
        shown.add(layer["places"].index(layer["important"]))
    return sorted(shown)


def audible(impulse: Sequence[Sequence[Sequence[float | None]]], shown: Sequence[int]) -> int:
    """Steps until all responses stay below 1 % of the largest value; at least 8, if there are 8."""
    size_CNS = np.abs(np.array(impulse, float)[:, list(shown)])
    heard_S = (size_CNS > SILENT * np.nanmax(size_CNS, initial=0.0)).any(axis=(0, 1))
    last = int(heard_S.nonzero()[0].max(initial=0))
    steps: int = size_CNS.shape[-1]
    return min(max(8, last + 2), steps)


def _lines(layer: Data, shown: Sequence[int], colours: Palette) -> list[tuple[int, Any, float]]:
    """Index, colour and width of each place: light to dark; the important one last, in orange."""
    blues, (first, further) = mpl.colormaps["Blues"], SHADES[colours]
    count = len(layer["places"])
    lines: list[tuple[int, Any, float]] = [
        (at, blues(first + further * at / max(1, count - 1)) if count > 1 else BLUE, 1.1)
        for at in shown
        if layer["places"][at] != layer["important"]
    ]
    if layer["important"] is not None:
        lines.append((layer["places"].index(layer["important"]), ORANGE, 2.0))
    return lines


def _legend(layer: Data, shown: Sequence[int], ax: Axes, colours: Palette) -> None:
    unit, important = layer["unit"], layer["important"]
    if unit == "sequence":
        return
    lines = _lines(layer, shown, colours)
    if len(lines) > FEW + 1:  # first, last and important
        plain = lines if important is None else lines[:-1]
        lines = [plain[0], plain[-1], *lines[len(plain) :]]
    handles, names = [], []
    for at, colour, width in lines:
        place = layer["places"][at]
        handles.append(mpl.lines.Line2D([], [], color=colour, linewidth=width))
        names.append(f"{unit} {place}" + (" (the key)" if place == important else ""))
    ax.legend(handles, names, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8)


def _limit(ax: Axes, groups: Sequence[Any]) -> None:
    every = np.array([value for group in groups for line in group for value in line], float)
    if np.isfinite(every).any():
        top, bottom = np.nanmax(every), np.nanmin(every)
        bottom = max(bottom, top - DEEPEST)
        room = max(1.0, 0.05 * (top - bottom))
        ax.set_ylim(bottom - room, top + room)


def _logarithmic(ax: Axes) -> None:
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())


def _named(ax: Axes, _: Palette) -> None:
    ax.legend(frameon=False)
