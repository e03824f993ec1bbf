"""The paper's Figures 2-4 for one trial: panels in rows and columns, as a page shows them."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from analysis.page.trial_panels import LEAKY, ORANGE, WORKS, Data, Panel, gain, impulse, speed
from analysis.sections.card import Theme
from analysis.sections.theme import PALETTES


def impulses(look: Data, theme: Theme = "light") -> Figure:
    """Figure 2: one row per layer, one column per channel, one line per place."""
    columns = range(len(look["channels"]))
    rows = [[impulse(look, layer, column) for column in columns] for layer in look["layers"]]
    return _by_layer(look, rows, "Figure 2. Impulse responses", theme)


def filters(look: Data, theme: Theme = "light") -> Figure:
    """Figure 4: one row per layer; the channels' mean, then single channels; one line per place."""
    columns = range(1 + len(look["channels"]))
    rows = [[gain(look, layer, column) for column in columns] for layer in look["layers"]]
    return _by_layer(look, rows, "Figure 4. Filter response", theme)


def speeds(look: Data, theme: Theme = "light") -> Figure:
    """Figure 3: milliseconds against length, forward and training step, both axes logarithmic."""
    figure, places = _grid(look, 1, len(WORKS), "Figure 3. Time against length", height=3.6)
    for work, ax in zip(WORKS, places[0], strict=True):
        panel = speed(look, work)
        panel.lines(ax, PALETTES[theme])
        ax.set(xlabel=panel.across, ylabel=panel.up, title=panel.title)
    panel.legend(places[0][0], PALETTES[theme])
    return figure


def _by_layer(look: Data, rows: Sequence[Sequence[Panel]], title: str, theme: Theme) -> Figure:
    """Panels that share the legend and the scale of their row."""
    colours = PALETTES[theme]
    figure, places = _grid(look, len(rows), len(rows[0]), title)
    for panels, row in zip(rows, places, strict=True):
        for panel, ax in zip(panels, row, strict=True):
            panel.lines(ax, colours)
            ax.set_title(panel.title)
        panels[-1].legend(row[-1], colours)
        row[0].set_ylabel(panels[0].up)
    for panel, ax in zip(rows[-1], places[-1], strict=True):
        ax.set_xlabel(panel.across)
    return figure


def _grid(
    look: Data, rows: int, columns: int, title: str, height: float = 2.3
) -> tuple[Figure, list[list[Axes]]]:
    figure = Figure(
        figsize=(11, 0.9 + height * rows), layout=ConstrainedLayoutEngine(h_pad=0.09, w_pad=0.09)
    )
    places = figure.subplots(rows, columns, squeeze=False, sharey="row")
    leaky = bool(look["leaks"])
    name = f"{title} · trial {look['trial_id']}, seed {look['seed']}"
    figure.suptitle(
        name + (LEAKY if leaky else ""),
        x=0.01,
        ha="left",
        fontsize=11,
        color=ORANGE if leaky else None,
    )
    return figure, [list(row) for row in places]
