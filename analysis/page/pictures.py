"""Draws the cards' figures into files and for a page; the bytes are the same on every run."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Drawing
from matplotlib.ticker import AutoLocator

from analysis.page.fonts import families, quietly, write_out
from analysis.page.svg import inlined, smaller
from analysis.sections.card import Card, Figure, Theme
from analysis.sections.theme import style

DPI = 130
MOST_TICKS = 5
NARROW = 4.1
"""Inches: the width that a phone shows without shrinking the words."""
MOST_BYTES = 200_000
"""Characters of the largest SVG that a page embeds; in place of a larger one it embeds the PNG."""
METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None, "Format": None, "Type": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One figure as a page embeds it: ``inline``, or ``light`` and ``dark``.

    Attributes:
        inline: an SVG element whose colours follow the background; empty where there is none.
        narrow: the same for a narrow screen; empty where the figure has no narrow form.
        light: an image for a light background; empty where there is ``inline``.
        dark: an image for a dark background; empty where there is ``inline``.
        kind: image type of ``light`` and ``dark``: ``svg+xml`` or ``png``.
        width: width in pixels, 96 per inch.
        height: height in pixels, 96 per inch.
    """

    inline: str = ""
    narrow: str = ""
    light: bytes = b""
    dark: bytes = b""
    kind: str = "svg+xml"
    width: int
    height: int


def draw_all(cards: Sequence[Card], folder: Path) -> dict[str, Picture]:
    """Draw every figure into ``folder`` as PNG, SVG and PDF.

    The first card's figures are also drawn narrow, because a phone shows these first.

    Returns:
        Each figure's name to the picture that the page embeds.
    """
    folder.mkdir()
    return {
        figure.name: draw(figure, folder / figure.name, narrow=card is cards[0])
        for card in cards
        for figure in card.figures
    }


def draw(figure: Figure, stem: Path, *, narrow: bool = False) -> Picture:
    """Draw one figure into ``stem``.png, .svg and .pdf.

    One drawing serves all files. The figure is drawn again for the dark background only if it has
    an image or colours outside the palette.
    """
    with quietly():
        return _draw(figure, stem, narrow=narrow)


def _draw(figure: Figure, stem: Path, *, narrow: bool) -> Picture:
    with mpl.rc_context(_settings("light", figure.name)):
        drawing = _drawn(figure, "light")
        inches = drawing.get_size_inches()
        is_simple = len(drawing.axes) == 1 and drawing.get_layout_engine() is not None
        light = _svg(drawing)
        stem.with_suffix(".svg").write_text(light, encoding="utf-8")
        if not write_out(drawing):
            drawing.set_layout_engine("none")
        FigureCanvasPdf(drawing).print_pdf(  # type: ignore[no-untyped-call]
            stem.with_suffix(".pdf"), metadata=METADATA["pdf"]
        )
        drawing.dpi = DPI
        FigureCanvasAgg(drawing).print_png(  # type: ignore[no-untyped-call]
            stem.with_suffix(".png"), metadata=METADATA["png"], pil_kwargs={"compress_level": 1}
        )
    width, height = (round(96 * float(side)) for side in inches)
    if len(light) > MOST_BYTES:
        pixels = stem.with_suffix(".png").read_bytes()
        return Picture(light=pixels, dark=pixels, kind="png", width=width, height=height)
    inline = inlined(light, figure.alt)
    if inline is None:
        with mpl.rc_context(_settings("dark", figure.name)):
            dark = _svg(_drawn(figure, "dark"))
        return Picture(light=light.encode(), dark=dark.encode(), width=width, height=height)
    phone = _narrowed(figure) if narrow and is_simple and inches[0] > NARROW else ""
    return Picture(inline=inline, narrow=phone, width=width, height=height)


def _drawn(figure: Figure, theme: Theme) -> Drawing:
    """The drawing, with few numbers on each scale; matplotlib alone would print up to 11."""
    drawing = figure.draw(theme)
    for ax in drawing.axes:
        for locator in (ax.xaxis.get_major_locator(), ax.yaxis.get_major_locator()):
            if isinstance(locator, AutoLocator):
                locator.set_params(nbins=MOST_TICKS)
    return drawing


def _narrowed(figure: Figure) -> str:
    with mpl.rc_context(_settings("light", f"{figure.name}-narrow")):
        drawing = _drawn(figure, "light")
        drawing.set_size_inches(NARROW, float(drawing.get_size_inches()[1]))
        return inlined(_svg(drawing), figure.alt) or ""


def _settings(theme: Theme, salt: str) -> dict[Any, Any]:
    """Matplotlib's settings; ``salt`` keeps the element ids of a page's figures distinct."""
    return {**style(theme), "font.family": list(families()), "svg.hashsalt": salt}


def _svg(drawing: Drawing) -> str:
    """The drawing as SVG, straight from the canvas: ``savefig`` would draw everything twice."""
    buffer = io.StringIO()
    FigureCanvasSVG(drawing).print_svg(  # type: ignore[no-untyped-call]
        buffer, metadata=METADATA["svg"]
    )
    return smaller(buffer.getvalue())
