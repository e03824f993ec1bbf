"""The page from its cards: one file that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from analysis.page.pictures import Picture
from analysis.page.tables import MOST_REST, View, view
from analysis.sections.card import Card
from analysis.sections.digits import Format
from analysis.sections.theme import PALETTES

HERE = Path(__file__).parent
FIRST = "verdict"
"""The card that is the first screen."""
MOST_ANSWER = 240
"""Letters of what stands large on it."""
MOST_BESIDE, TALL = 4, 420
"""Paragraphs that stand beside a figure, and pixels from which it leaves no room under it."""
LONG_ANSWER = 150
"""Letters from which it stands less large."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """What stands above the cards.

    Attributes:
        name: of the sweep.
        question: what it asks.
        notes: a few words each: state, counts, alarms.
    """

    name: str
    question: str
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """What a page is made of.

    Attributes:
        head: what stands above.
        cards: in the order of reading.
        pictures: the cards' figures by name.
        scores: how scores are printed.
        runs: a trial's id to the address of its run in MLflow, where one is known.
        downloads: names and addresses of the files beside the page.
        refresh: seconds after which a browser reads it again; None for never.
    """

    head: Head
    cards: Sequence[Card]
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    scores: Format = field(default_factory=Format)
    runs: Mapping[str, str] = field(default_factory=dict)
    downloads: Sequence[tuple[str, str]] = ()
    refresh: int | None = None


def render(page: Page) -> str:
    """The whole document."""
    script = (HERE / "script.js").read_text(encoding="utf-8")
    first = next((card for card in page.cards if card.name == FIRST), None)
    return document(
        "page.html",
        title=f"{page.head.name} · Focus Sweeps",
        page=page,
        first=first,
        answer=answer(first) if first else [],
        long_answer=LONG_ANSWER,
        under_figure=_is_room_under_figure(page, first),
        others=[card for card in page.cards if card.name != FIRST],
        views=_views(page),
        refresh=page.refresh,
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _is_room_under_figure(page: Page, first: Card | None) -> bool:
    """Whether the other words stand under the first figure: many, it is low, tiles are beside."""
    if first is None or not (first.figures and first.facts) or len(first.words) <= MOST_BESIDE:
        return False
    return page.pictures[first.figures[0].name].height < TALL


def answer(card: Card) -> list[str]:
    """The one or two sentences that stand large: the first, and the next where both are short."""
    first, following = list(card.words[:1]), list(card.words[1:2])
    is_answer = bool(following) and following[0] in card.data.get("answer", ())
    short = sum(map(len, first + following)) <= MOST_ANSWER
    return first + following if is_answer and short else first


def document(template: str, **values: Any) -> str:
    """A page of ours: a template of this folder with the looks that all pages share."""
    given = {"refresh": None, "script": "", "script_hash": ""} | values
    return str(_environment().get_template(template).render(style=Markup(_style()), **given))


def _views(page: Page) -> dict[str, View]:
    """Every table by its name; together they take no more room than one may."""
    room = MOST_REST
    found: dict[str, View] = {}
    for card in page.cards:
        for table in card.tables:
            found[table.name] = view(table, page.scores, page.runs, room)
            room -= len(found[table.name].rest)
    return found


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"prose": prose, "embedded": embedded, "word": first_word}
    return environment


@cache
def _style() -> str:
    """The style sheet, with the figures' colours on either ground in front of it."""
    light, dark = (
        "".join(f"--plot-{name}:{colour};" for name, colour in vars(PALETTES[theme]).items())
        for theme in ("light", "dark")
    )
    plots = f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f"{plots}\n{(HERE / 'style.css').read_text(encoding='utf-8')}"


def prose(text: str) -> Markup:
    """Words of a card; what stands in backticks is code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))


def embedded(content: bytes, kind: str) -> str:
    """The address of an image that holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def first_word(text: str) -> str:
    """What a mark's colour goes by."""
    found = re.search(r"[a-z]+", text.lower())
    return found[0] if found else ""
