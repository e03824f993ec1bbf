"""A report as a browser and a reader have it, for the tests of its forms."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from analysis.page.pictures import Picture
from analysis.sections.card import Card, Column, Command, Figure, Table, Theme
from tests.analysis.summary_types import wrong_of

VOID = {"meta", "img", "link", "input", "source"}
SPEECHLESS = ("style", "script")
THEMES: tuple[Theme, ...] = ("light", "dark")
EVIL = "<script>alert('x')</script>\"&$x_1$ =1+1 | `x` {{ 7 * 7 }} \\end{document} ]]> --> 漢"


class Page(HTMLParser):
    """What a browser would fetch or run, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.handlers: list[str] = []
        self.words: list[str] = []
        self.data: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [v or "" for key, v in attrs if key in ("src", "srcset", "data", "action")]
        self.loads += [v or "" for key, v in attrs if key == "href" and tag == "link"]
        self.links += [v or "" for key, v in attrs if key == "href" and tag == "a"]
        self.ids += [v or "" for key, v in attrs if key == "id"]
        self.handlers += [key for key, _ in attrs if key.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids += [v or "" for key, v in attrs if key == "id"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            self.data.append(data)
        elif not any(tag in self.open for tag in SPEECHLESS):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def sketched(figure: Figure, stem: Path, *, narrow: bool = False) -> Picture:
    """In place of ``pictures.draw``: everything but the pixels, which take seconds."""
    for theme in THEMES:
        figure.draw(theme)
    for kind in ("png", "svg", "pdf"):
        stem.with_suffix(f".{kind}").write_text("")
    return Picture(inline='<svg role="img"></svg>', width=100, height=100)


def read(folder: Path) -> tuple[dict[str, Any], Page]:
    """The summary and the page of a report; the summary has the keys that are described."""
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    assert page.open == []
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert wrong_of(summary) == []
    return summary, page


def table_of(rows: list[list[Any]], **changes: Any) -> Table:
    """A table with a column of every kind."""
    columns = [
        Column(title="arm"),
        Column(title="score", kind="number"),
        Column(title="difference", kind="difference"),
        Column(title="95 %", kind="interval"),
        Column(title="p", kind="p"),
        Column(title="seeds", kind="count"),
        Column(title="took", kind="number", unit="s"),
        Column(title="id", kind="code"),
        Column(title="verdict", kind="mark"),
    ]
    options: dict[str, Any] = {"name": "comparisons", "title": "Comparisons"} | changes
    return Table(columns=columns, rows=rows, **options)


def row_of(name: str, score: float = 0.5, verdict: Any = "open") -> list[Any]:
    """A row of ``table_of``."""
    return [name, score, score - 0.6, (score - 0.7, None), 0.0001, 3, 1234.5, "0a1b", verdict]


def card_of(name: str = "comparisons", **changes: Any) -> Card:
    """A card with a table and a command."""
    options: dict[str, Any] = {
        "title": name.title(),
        "words": ["Nothing differs.", "Neither does `model.order`."],
        "tables": [table_of([row_of("base"), row_of("focus_h", 0.25, ["worse", "LEAKY"])])],
        "commands": [Command(does="Decide it.", command="python sweeps/launch.py --seeds 9")],
    }
    return Card(name=name, **(options | changes))
