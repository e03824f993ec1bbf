"""Letters that the figures' font lacks: another font draws them, or an escape replaces them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.text import Text

BASE = "DejaVu Sans"  # comes with matplotlib
OTHERS = (
    *("Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Noto Sans JP", "Noto Sans KR"),
    *("Source Han Sans SC", "Source Han Sans", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"),
    *("Droid Sans Fallback", "PingFang SC", "Hiragino Sans", "Heiti SC", "Apple SD Gothic Neo"),
    *("Microsoft YaHei", "SimHei", "Yu Gothic", "MS Gothic", "Malgun Gothic", "Arial Unicode MS"),
    *("Noto Sans", "Noto Sans Arabic", "Noto Sans Devanagari", "Noto Sans Symbols2", "Symbola"),
)
"""Fonts for other scripts; a font counts only where it is installed."""


@cache
def families() -> tuple[str, ...]:
    """The installed fonts that a figure may take letters from, in order of preference."""
    there = {font.name for font in font_manager.fontManager.ttflist}
    return (BASE, *(name for name in OTHERS if name in there))


@contextmanager
def quietly() -> Iterator[None]:
    """Silence the warnings about letters that no font has: ``write_out`` replaces these letters."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        yield


def write_out(figure: Figure) -> bool:
    r"""Replace each letter that no font has by its escape, such as ``\u6f22``.

    Draw ``figure`` before the call: an axis makes its tick labels only when it is drawn.

    Returns:
        Whether the figure had such letters; if so, it needs a new layout.
    """
    before = [text for text in figure.findobj(Text) if isinstance(text, Text)]
    if all(text.get_text() == written_out(text.get_text()) for text in before):
        return False
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        words = [label.get_text() for label in axis.get_ticklabels()]
        if words != (shown := [written_out(word) for word in words]):
            axis.set_ticks(axis.get_ticklocs(), shown)
    for text in before:
        text.set_text(written_out(text.get_text()))
    return True


def written_out(words: str) -> str:
    """``words`` with an escape for each letter that no font has."""
    if words.isascii():
        return words
    return "".join(c if c in "\n" or _has(c) else ascii(c)[1:-1] for c in words)


@cache
def _has(letter: str) -> bool:
    return any(font.get_char_index(ord(letter)) for font in _fonts())


@cache
def _fonts() -> Sequence[FT2Font]:
    found = font_manager.fontManager
    return [font_manager.get_font(found.findfont(name)) for name in families()]
