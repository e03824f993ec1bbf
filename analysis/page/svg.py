"""Prepares SVG for a page: makes it small, with colours that follow the background."""

from __future__ import annotations

import html
import re

from analysis.sections.theme import PALETTES, SERIES

NUMBER = re.compile(r"(?<![\w.#])\d+\.\d{3,}(?![\w.])")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
NEEDLESS = re.compile(
    r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>|<style.*?</style>", re.DOTALL
)
TAG = re.compile(r"<[^<>]*>")  # only tags: the words between tags stay as they are
ID = re.compile(r' id="([^"]*)"')
USED = re.compile(r'(?:url\(|href=")#([^)"]+)')
FAMILY = re.compile(r"font-family: [^;\"]*|(?<=font: )([\d.]+px) [^;\"]*")
FONTS = "'DejaVu Sans', system-ui, sans-serif"

NAMES = {colour: colour for colour in SERIES} | {
    colour: f"var(--plot-{name})" for name, colour in vars(PALETTES["light"]).items()
}
"""Each colour of the light palette to the CSS variable with its value on the current background."""


def smaller(svg: str) -> str:
    """The same picture in half the bytes: two decimals of a point, and no invisible parts."""
    svg = NEEDLESS.sub("", svg)
    known = set(USED.findall(svg))
    tags = TAG.sub(lambda tag: _short(ID.sub(lambda i: i[0] * (i[1] in known), tag[0])), svg)
    return re.sub(r">\s+<", "><", tags).strip()


def inlined(svg: str, alt: str) -> str | None:
    """The picture as an SVG element whose colours follow the page's background.

    Args:
        svg: the output of ``smaller``.
        alt: a description of the picture.

    Returns:
        None if the picture embeds an image or has colours outside the palette: such a picture
        needs one drawing for each background.
    """
    found = {colour.lower() for tag in TAG.findall(svg) for colour in COLOUR.findall(tag)}
    if "<image" in svg or not found <= NAMES.keys():
        return None
    themed = TAG.sub(lambda tag: COLOUR.sub(lambda c: NAMES[c[0].lower()], tag[0]), svg)
    return themed.replace("<svg ", f'<svg role="img" aria-label="{html.escape(alt)}" ', 1)


def _short(tag: str) -> str:
    tag = FAMILY.sub(_family, NUMBER.sub(_rounded, tag))
    return tag.replace("\n", "") if tag.startswith("<path") else tag


def _family(found: re.Match[str]) -> str:
    return f"{found[1]} {FONTS}" if found[1] else f"font-family: {FONTS}"


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")
