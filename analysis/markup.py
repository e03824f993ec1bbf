"""HTML that escapes by default: only ``Html`` goes in as it is."""

from __future__ import annotations

import html
from collections.abc import Sequence


class Html(str):
    """Markup that is safe to put into a page."""

    __slots__ = ()


NONE = Html('<span class="quiet">&ndash;</span>')


def escape(value: object) -> Html:
    """``value`` as text; ``Html`` stays what it is."""
    return value if isinstance(value, Html) else Html(html.escape(str(value), quote=True))


def tag(name: str, *children: object, **attributes: object) -> Html:
    """An element; children that are not ``Html`` are escaped. ``class_`` is written ``class``."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value not in (None, "")
    )
    return Html(f"<{name}{words}>{join(children)}</{name}>")


def join(parts: Sequence[object], by: str = "") -> Html:
    """The parts one after another, escaped where they have to be."""
    return Html(by.join(escape(part) for part in parts))


def table(head: Sequence[object], rows: Sequence[Sequence[object]], *, label: str) -> Html:
    """A table that scrolls sideways where the screen is narrow.

    Args:
        head: the columns' names.
        rows: cells; numbers and what ``number`` made stand to the right.
        label: what it shows, for those who cannot see it.
    """
    top = tag("tr", *(tag("th", cell, scope="col") for cell in head))
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    inner = tag("table", tag("thead", top), tag("tbody", *body))
    return tag("div", inner, class_="scroll", role="region", tabindex="0", aria_label=label)


def chip(text: str, kind: str = "") -> Html:
    """A word with a coloured ground: a state, a mark."""
    return tag("span", text, class_=f"chip {kind or text.split(maxsplit=1)[0].lower()}")


def quiet(text: object) -> Html:
    """Text in grey."""
    return tag("span", text, class_="quiet")


def fixed(value: float | None, digits: int = 3) -> str:
    """A number with ``digits`` decimals; a dash for none."""
    return NONE if value is None else f"{round(value, digits) + 0.0:.{digits}f}"  # never -0.000


def signed(value: float, digits: int = 3) -> str:
    """A difference with its sign; 0 has none."""
    rounded = round(value, digits) + 0.0
    return f"{rounded:+.{digits}f}" if rounded else f"{rounded:.{digits}f}"


def small(p: float | None) -> str:
    """A p-value; none is ever 0."""
    return "< 0.001" if p is not None and p < 0.001 else fixed(p)
