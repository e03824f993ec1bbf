"""The paper's Figures 2-4 for one trial, drawn from the numbers that ``sweeps.look`` wrote.

This module computes no results. Each drawing function returns its figure and saves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FuncFormatter, NullFormatter

from analysis.sections.card import Theme
from analysis.sections.theme import PALETTES

Data = Mapping[str, Any]

BLUE, ORANGE, GREY = (PALETTES["light"].accent, PALETTES["light"].warm, PALETTES["light"].quiet)
SHADES: dict[Theme, tuple[float, float]] = {"light": (0.35, 0.6), "dark": (0.1, 0.45)}
"""Position of the first place in the colour map, and distance to the last place's position.

Both ends are visible on the background of the theme.
"""

FEW = 4
"""Evenly spaced places whose impulse responses are drawn into one panel."""
SILENT = 0.01
"""Fraction of the largest value below which a response is not drawn."""
MOST_DOTS = 40
"""Most steps of a response for which each value gets a dot."""
DEEPEST = 80.0
"""Range of the gain axis below the largest gain, in decibels."""


def impulses(look: Data, theme: Theme = "light") -> Figure:
    """Figure 2: one row per layer, one column per channel, one line per place."""
    layers, channels = look["layers"], look["channels"]
    figure, panels = _grid(look, len(layers), len(channels), "Figure 2. Impulse responses")
    for layer, row in zip(layers, panels, strict=True):
        shown = few_places(layer)
        steps = audible(layer["impulse"], shown)
        marker = "o" if steps <= MOST_DOTS else ""
        for column, (channel, ax) in enumerate(zip(channels, row, strict=True)):
            for at, colour, width in _lines(layer, shown, theme):
                h_S = np.array(layer["impulse"][column][at], float)[:steps]
                ax.plot(h_S, color=colour, linewidth=width, marker=marker, markersize=2.4)
            ax.axhline(0, color=GREY, linewidth=0.7, zorder=1)
            ax.set_title(f"{_name(layer)}, channel {channel}")
        _legend(row[-1], layer, shown, theme)
        row[0].set_ylabel("h[t]")
    _label_bottom(panels, f"t, tokens {'before' if look['backwards'] else 'since'} the impulse")
    return figure


def filters(look: Data, theme: Theme = "light") -> Figure:
    """Figure 4: one row per layer; the channels' mean, then single channels; one line per place."""
    layers, channels = look["layers"], look["channels"]
    figure, panels = _grid(look, len(layers), 1 + len(channels), "Figure 4. Filter response")
    for layer, row in zip(layers, panels, strict=True):
        every = range(len(layer["places"]))
        groups = [layer["mean_db"], *layer["channel_db"]]
        names = ["all channels", *(f"channel {channel}" for channel in channels)]
        for ax, group, name in zip(row, groups, names, strict=True):
            for at, colour, width in _lines(layer, every, theme):
                gain_K = np.array(group[at], float)
                ax.plot(np.linspace(0, 0.5, len(gain_K)), gain_K, color=colour, linewidth=width)
            ax.set_title(f"{_name(layer)}, {name}")
            ax.set_xlim(0, 0.5)
            ax.set_xticks([0, 0.25, 0.5], ["0", "0.25", "0.5"])
        _limit(row, groups)
        _legend(row[-1], layer, every, theme)
        row[0].set_ylabel("|H|, dB")
    _label_bottom(panels, "frequency, cycles a token")
    return figure


def speeds(look: Data, theme: Theme = "light") -> Figure:  # noqa: ARG001
    """Figure 3: milliseconds against length, forward and training step, both axes logarithmic."""
    figure, panels = _grid(look, 1, 2, "Figure 3. Time against length", height=3.6)
    columns = {"forward_ms": "forward", "step_ms": "training step (forward and backward)"}
    for ax, (key, title) in zip(panels[0], columns.items(), strict=True):
        for mixer, rows in look["timings"].items():
            own = mixer == look["mixer"]
            ax.plot(
                [row["length"] for row in rows],
                [row[key] for row in rows],
                color=BLUE if own else ORANGE,
                marker="o" if own else "s",
                markersize=4,
                linestyle="-" if own else "--",
                label=f"this trial ({mixer})" if own else "full attention",
            )
        _logarithmic(ax)
        ax.set_title(title)
        ax.set(xlabel="length, tokens", ylabel="median milliseconds a sequence")
    panels[0][0].legend(frameon=False)
    return figure


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


def _name(layer: Data) -> str:
    return f"layer {layer['layer']}" + (" reversed" if layer["reversed"] else "")


def _lines(layer: Data, shown: Sequence[int], theme: Theme) -> list[tuple[int, Any, float]]:
    """Index, colour and width of each place: light to dark; the important one last, in orange."""
    blues, (first, further) = mpl.colormaps["Blues"], SHADES[theme]
    count = len(layer["places"])
    lines: list[tuple[int, Any, float]] = [
        (at, blues(first + further * at / max(1, count - 1)) if count > 1 else BLUE, 1.1)
        for at in shown
        if layer["places"][at] != layer["important"]
    ]
    if layer["important"] is not None:
        lines.append((layer["places"].index(layer["important"]), ORANGE, 2.0))
    return lines


def _legend(ax: Axes, layer: Data, shown: Sequence[int], theme: Theme) -> None:
    unit, important = layer["unit"], layer["important"]
    if unit == "sequence":
        return
    lines = _lines(layer, shown, theme)
    if len(lines) > FEW + 1:  # first, last and important
        plain = lines if important is None else lines[:-1]
        lines = [plain[0], plain[-1], *lines[len(plain) :]]
    handles, names = [], []
    for at, colour, width in lines:
        place = layer["places"][at]
        handles.append(mpl.lines.Line2D([], [], color=colour, linewidth=width))
        names.append(f"{unit} {place}" + (" (the key)" if place == important else ""))
    ax.legend(handles, names, loc="upper left", bbox_to_anchor=(1.01, 1), frameon=False, fontsize=8)


def _limit(row: Sequence[Axes], groups: Sequence[Any]) -> None:
    every = np.array([value for group in groups for line in group for value in line], float)
    if np.isfinite(every).any():
        top, bottom = np.nanmax(every), np.nanmin(every)
        bottom = max(bottom, top - DEEPEST)
        room = max(1.0, 0.05 * (top - bottom))
        for ax in row:
            ax.set_ylim(bottom - room, top + room)


def _grid(
    look: Data, rows: int, columns: int, title: str, height: float = 2.3
) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(
        figsize=(11, 0.9 + height * rows), layout=ConstrainedLayoutEngine(h_pad=0.09, w_pad=0.09)
    )
    panels = figure.subplots(rows, columns, squeeze=False, sharey="row")
    leaky = bool(look["leaks"])
    name = f"{title} · trial {look['trial_id']}, seed {look['seed']}"
    figure.suptitle(
        name + (" · LEAKY: it sees the future" if leaky else ""),
        x=0.01,
        ha="left",
        fontsize=11,
        color=ORANGE if leaky else None,
    )
    return figure, [list(row) for row in panels]


def _label_bottom(panels: Sequence[Sequence[Axes]], label: str) -> None:
    for ax in panels[-1]:
        ax.set_xlabel(label)


def _logarithmic(ax: Axes) -> None:
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
