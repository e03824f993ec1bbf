"""The content of a report's section: words, tables, figures and a status, without a layout.

The page, report.md, summary.json and a notebook show the same cards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from matplotlib.figure import Figure as Drawing

Status = Literal["decided", "open", "alarm", "plain"]
Kind = Literal["text", "number", "difference", "interval", "p", "count", "code", "mark"]
Theme = Literal["light", "dark"]
KINDS: Mapping[Kind, str] = {
    "text": "words",
    "number": "a number; a score where `unit` is empty",
    "difference": "a signed score",
    "interval": "a pair of low and high; an open end is None, in JSON `null`",
    "p": "a p-value",
    "count": "an integer",
    "code": "a command or a key",
    "mark": "a word or a list of words; a page draws each as a chip",
}
"""What a cell of a column holds."""
PURE = "1"
"""The unit of a pure number that is no score."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        title: the words at the head of the column.
        kind: what a cell holds; ``KINDS`` describes each kind.
        unit: the unit of a number that is no score, such as ``s`` or ``MB``, or ``1`` for a pure
            number; empty for the metric's unit.
        help: the meaning of the column, in a sentence.
    """

    title: str
    kind: Kind = "text"
    unit: str = ""
    help: str = ""

    @property
    def head(self) -> str:
        """The title, with the unit if there is one."""
        return f"{self.title} ({self.unit})" if self.unit not in ("", PURE) else self.title


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells; an empty cell is None.

    Attributes:
        name: name of the table; also the stem of its file.
        title: a title that is clear without the rest of the card.
        columns: descriptions of the cells of a row.
        rows: one sequence of cells per row; the first cell names the row.
        shown: number of rows that a page shows before "show all".
        links: the trial's id for each row that is about one trial; None for other rows.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    shown: int = 30
    links: Sequence[str | None] = ()


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure that is drawn only when it is needed.

    Attributes:
        name: name of the figure; also the stem of its files.
        draw: draws the figure in a theme and returns it; saves nothing.
        alt: a description for readers who cannot see the figure.
        caption: how to read the figure.
        folded: whether the page hides the figure behind a click.
    """

    name: str
    draw: Callable[[Theme], Drawing]
    alt: str
    caption: str = ""
    folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command that a reader may want to run, and what the command does."""

    does: str
    command: str


@dataclass(frozen=True, kw_only=True)
class Block:
    """Preformatted text behind a click, such as a traceback or a patch."""

    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One section.

    Attributes:
        name: name of the section's file, of its anchor on the page and of its key in summary.json.
        title: the heading for readers.
        status: ``decided`` or ``open`` if the section answers a question; ``alarm`` if a reader
            must look; ``plain`` if the section only informs.
        words: paragraphs, the most important one first.
        facts: short pairs of name and value, drawn as tiles.
        tables: tables in the order of reading.
        figures: figures in the order of reading.
        commands: commands to run next.
        blocks: preformatted texts.
        data: the section's numbers as plain data for summary.json.
        folded: whether the page hides everything but the title and first words behind a click.
    """

    name: str
    title: str
    status: Status = "plain"
    words: Sequence[str] = ()
    facts: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[Figure] = ()
    commands: Sequence[Command] = ()
    blocks: Sequence[Block] = ()
    data: Mapping[str, Any] = field(default_factory=dict)
    folded: bool = False
