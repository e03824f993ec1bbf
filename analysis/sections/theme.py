"""Colours and fonts of every figure, on a light and on a dark background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.rcsetup import cycler

from analysis.sections.card import Theme

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType


@dataclass(frozen=True)
class Palette:
    """Named colours; every kind of colour vision can tell the colours of data apart.

    Attributes:
        ground: the background.
        ink: words.
        quiet: less important marks, and undecided results.
        line: axes and grids.
        accent: the data.
        warm: marks that stand out.
        good: better results.
        bad: worse results, and alarms.
        band: a shaded range.
    """

    ground: str
    ink: str
    quiet: str
    line: str
    accent: str
    warm: str
    good: str
    bad: str
    band: str


PALETTES: dict[Theme, Palette] = {
    "light": Palette(
        ground="#ffffff",
        ink="#1f2933",
        quiet="#6b7a89",
        line="#dfe5eb",
        accent="#0072b2",
        warm="#d55e00",
        good="#00795c",
        bad="#b3261e",
        band="#e7eef5",
    ),
    "dark": Palette(
        ground="#1c2229",
        ink="#e6eaee",
        quiet="#98a4b0",
        line="#3a444f",
        accent="#6cb8e6",
        warm="#f2995a",
        good="#4cc3a0",
        bad="#f28b82",
        band="#26333f",
    ),
}

SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#9c7a3c", "#8378cc")
"""Colours of groups, after Okabe and Ito: distinct in every colour vision, on both backgrounds."""


def style(theme: Theme) -> dict[RcKeyType, Any]:
    """Matplotlib's settings under which a figure is drawn and saved."""
    colours = PALETTES[theme]
    return {
        "axes.axisbelow": True,
        "axes.edgecolor": colours.line,
        "axes.facecolor": "none",
        "axes.grid": True,
        "axes.labelcolor": colours.ink,
        "axes.prop_cycle": cycler(color=[colours.accent, colours.warm, colours.good, colours.bad]),
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "figure.facecolor": "none" if theme == "dark" else colours.ground,
        "font.size": 10,
        "grid.color": colours.line,
        "grid.linewidth": 0.6,
        "legend.frameon": False,
        "patch.edgecolor": colours.ground,
        "pdf.fonttype": 3,
        "savefig.facecolor": "auto",
        "svg.fonttype": "none",  # text stays text: any script, a third of the size
        "text.color": colours.ink,
        "text.parse_math": False,  # a name may hold a dollar sign
        "xtick.bottom": False,  # grid lines replace the ticks
        "xtick.color": colours.ink,
        "ytick.color": colours.ink,
        "ytick.left": False,
    }
