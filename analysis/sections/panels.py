"""Many small panels in one matplotlib ``Axes``: a dozen panels take as long as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from analysis.sections.theme import Palette

COLUMNS = 4
WIDTH, HEIGHT, EDGES = 2.4, 1.6, 0.5  # inches; EDGES is the height below all panels
TITLE, LINE = 8.5, 0.15  # title size in points; height of its lines in inches
GAP = 0.12  # between columns, as a fraction of a panel's width
ROOM = 0.05  # beyond the outermost numbers, as a fraction of their range

Floats = NDArray[np.float64]
Line = tuple[int, Sequence[float], Sequence[float], str]
"""A line: the index of its panel, its x values, its y values, its colour."""


class Panels:
    """Panels in rows of ``COLUMNS`` that share both scales; a panel is 1 unit wide and high."""

    def __init__(
        self, ax: Axes, titles: Sequence[str], x: Sequence[float], y: Sequence[float]
    ) -> None:
        """Make the empty panels.

        Args:
            ax: where they are drawn.
            titles: the panels' titles, of one line or several.
            x: every x value that will be drawn; values that are not finite are ignored.
            y: every y value that will be drawn; values that are not finite are ignored.
        """
        self._titles, self.x, self.y = titles, _ends(x), _ends(y)
        self.ax = ax
        self._rows, self._columns = _shape(len(titles))
        head = LINE * (0.5 + max(title.count("\n") + 1 for title in titles))
        self._pitch = HEIGHT / (HEIGHT - head)  # distance from row to row

    def draw(self, lines: Sequence[Line], **looks: Any) -> None:
        """Draw lines, each in the panel that it names; apart from colours, all look the same."""
        places = [self._place(panel, x, y) for panel, x, y, _ in lines]
        colours = [colour for *_, colour in lines]
        self.ax.add_collection(LineCollection(places, colors=colours, **looks), autolim=False)

    def finish(self, colours: Palette) -> None:
        """Add titles, frames, grids and the numbers at the edges."""
        x, y = _ticks(self.x), _ticks(self.y)
        frames: list[Line] = []
        for panel, title in enumerate(self._titles):
            frames += [(panel, [at, at], self.y, colours.line) for at in (self.x[0], *x)]
            frames += [(panel, self.x, [at, at], colours.line) for at in (self.y[0], *y)]
            left, top = self._place(panel, [self.x[0]], [self.y[1]])[0]
            self.ax.annotate(
                title, (left, top), (0, 3), textcoords="offset points", fontsize=TITLE,
                weight="bold",
            )  # fmt: skip
        self.draw(frames, lw=0.7, zorder=0.5)
        across = np.concatenate([self._across(column, x) for column in range(self._columns)])
        up = np.concatenate([self._up(row, y) for row in range(self._rows)])
        self.ax.set_xticks(across, [f"{at:g}" for at in x] * self._columns)
        self.ax.set_yticks(up, [f"{at:g}" for at in y] * self._rows)
        self.ax.set_xlim(0, self._columns * (1 + GAP) - GAP)
        self.ax.set_ylim(-self._rows * self._pitch, 0)
        self.ax.grid(visible=False)
        self.ax.spines[:].set_visible(False)

    def _place(self, panel: int, x: Sequence[float], y: Sequence[float]) -> Floats:
        row, column = divmod(panel, self._columns)
        return np.column_stack([self._across(column, x), self._up(row, y)])

    def _across(self, column: int, x: Sequence[float]) -> Floats:
        low, high = self.x
        return column * (1 + GAP) + (np.asarray(x, dtype=np.float64) - low) / (high - low)

    def _up(self, row: int, y: Sequence[float]) -> Floats:
        low, high = self.y
        return (np.asarray(y, dtype=np.float64) - low) / (high - low) - (row + 1) * self._pitch


def size(count: int) -> tuple[float, float]:
    """Width and height in inches of a canvas for so many panels."""
    rows, columns = _shape(count)
    return WIDTH * columns, HEIGHT * rows + EDGES


def _shape(count: int) -> tuple[int, int]:
    """Number of rows and columns."""
    columns = min(COLUMNS, count)
    return math.ceil(count / columns), columns


def _ends(numbers: Sequence[float]) -> tuple[float, float]:
    known = [number for number in numbers if math.isfinite(number)] or [0.0]
    room = ROOM * (max(known) - min(known)) or 0.5
    return min(known) - room, max(known) + room


def _ticks(ends: tuple[float, float]) -> list[float]:
    low, high = ends
    found = MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    return [float(at) for at in found if low <= at <= high]
