"""A figure of one ``Axes``: on a canvas of its own, or inside a figure that someone else made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from analysis.sections.card import Theme
from analysis.sections.theme import PALETTES, Palette, style


@dataclass(frozen=True, kw_only=True)
class Plot:
    """What one ``Axes`` shows; called with a theme, it makes the canvas too.

    Attributes:
        size: width and height of a canvas of its own, in inches.
        draw: draws into an ``Axes`` with a theme's colours; it saves and closes nothing.
    """

    size: tuple[float, float]
    draw: Callable[[Axes, Palette], None]

    def __call__(self, theme: Theme) -> Drawing:
        """The figure on a canvas of its own."""
        drawing = Drawing(figsize=self.size, layout="constrained")
        self.draw(drawing.subplots(), PALETTES[theme])
        return drawing

    def into(self, ax: Axes | None) -> Axes:
        """Draw into ``ax``, or into a new figure of pyplot's in the report's style; return it."""
        if ax is not None:
            self.draw(ax, PALETTES["light"])
            return ax
        from matplotlib import pyplot  # looks for a screen: a report needs none

        with pyplot.rc_context(style("light")):
            made: Axes = pyplot.subplots(figsize=self.size, layout="constrained")[1]
            self.draw(made, PALETTES["light"])
        return made
