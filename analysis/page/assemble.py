"""Assembles the cards into the page: one HTML file that loads no other file."""

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
"""Name of the card that is the first screen."""
MOST_ANSWER = 240
"""A second sentence is set large only if both sentences have at most so many characters."""
MOST_BESIDE, TALL = 4, 420
"""Most paragraphs beside a figure; height in pixels from which it leaves no room below."""
LONG_ANSWER = 150
"""Characters above which the answer is set less large."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """What stands above the cards.

    Attributes:
        name: the sweep's name.
        question: the question that the sweep asks.
        notes: state, counts and alarms, a few words each.
    """

    name: str
    question: str
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """The contents of a page.

    Attributes:
        head: what stands above the cards.
        cards: the cards in the order of reading.
        pictures: the cards' figures by name.
        scores: how scores are printed.
        runs: maps a trial's id to the address of its run in MLflow, where one is known.
        downloads: names and addresses of the files beside the page.
        refresh: seconds after which a browser reloads the page; None for never.
    """

    head: Head
    cards: Sequence[Card]
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    scores: Format = field(default_factory=Format)
    runs: Mapping[str, str] = field(default_factory=dict)
    downloads: Sequence[tuple[str, str]] = ()
    refresh: int | None = None


def render(page: Page) -> str:
    """The HTML document of a page."""
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
    """Whether the further words go under the first figure: many words, a low figure, and tiles."""
    if first is None or not (first.figures and first.facts) or len(first.words) <= MOST_BESIDE:
        return False
    return page.pictures[first.figures[0].name].height < TALL


def answer(card: Card) -> list[str]:
    """The sentences set large: the first, and the second if it answers and both are short."""
    first, following = list(card.words[:1]), list(card.words[1:2])
    is_answer = bool(following) and following[0] in card.data.get("answer", ())
    short = sum(map(len, first + following)) <= MOST_ANSWER
    return first + following if is_answer and short else first


def document(template: str, **values: Any) -> str:
    """Render a template of this folder with the style sheet that all pages share."""
    given = {"refresh": None, "script": "", "script_hash": ""} | values
    return str(_environment().get_template(template).render(style=Markup(_style()), **given))


def _views(page: Page) -> dict[str, View]:
    """Every table by its name; the hidden rows of all tables share the room ``MOST_REST``."""
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
    """The style sheet, after the figures' colours for the light and the dark background."""
    light, dark = (
        "".join(f"--plot-{name}:{colour};" for name, colour in vars(PALETTES[theme]).items())
        for theme in ("light", "dark")
    )
    plots = f":root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}"
    return f"{plots}\n{(HERE / 'style.css').read_text(encoding='utf-8')}"


def prose(text: str) -> Markup:
    """The words of a card as HTML; text in backticks becomes code."""
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", str(escape(text))))


def embedded(content: bytes, kind: str) -> str:
    """A data URL that contains the whole image."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def first_word(text: str) -> str:
    """The first word of a mark, in lower case: the style sheet takes the mark's colour from it."""
    found = re.search(r"[a-z]+", text.lower())
    return found[0] if found else ""
