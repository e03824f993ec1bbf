"""What a section of a report is: words, tables, figures and a status, in no particular form.

The page, report.md, summary.json and a notebook draw the same cards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from matplotlib.figure import Figure as Drawing

Status = Literal["decided", "open", "alarm", "plain"]
Kind = Literal["text", "number", "difference", "interval", "p", "count", "code", "mark"]
Theme = Literal["light", "dark"]
PURE = "1"
"""The unit of a number that has none, and is no score."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table.

    Attributes:
        title: its head.
        kind: how a cell is read. ``text`` a string; ``number`` a score in the metric's unit;
            ``difference`` a signed score; ``interval`` a pair (low, high), ends None where open;
            ``p`` a p-value; ``count`` an integer; ``code`` a command or a key; ``mark`` a short
            status word, drawn as a chip.
        unit: of a number that is no score, such as ``s`` or ``MB``, or ``1`` for a pure number;
            empty for the metric's own.
        help: what it means, in a sentence.
    """

    title: str
    kind: Kind = "text"
    unit: str = ""
    help: str = ""

    @property
    def head(self) -> str:
        """The title with its unit, where it has one."""
        return f"{self.title} ({self.unit})" if self.unit not in ("", PURE) else self.title


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows of cells; a cell is None where there is nothing to say.

    Attributes:
        name: fit for a file's stem.
        title: for a reader who cannot see what stands around it.
        columns: what the cells of a row are.
        rows: one sequence of cells a row; the first cell names the row.
        shown: how many rows a page shows before "show all".
        links: a trial's id for each row that is about one trial; None for the others.
    """

    name: str
    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    shown: int = 30
    links: Sequence[str | None] = ()


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture that is drawn where it is wanted.

    Attributes:
        name: fit for a file's stem.
        draw: makes it, in a theme; it saves nothing.
        alt: what it shows, for those who cannot see it.
        caption: how to read it.
        folded: behind a click on the page.
    """

    name: str
    draw: Callable[[Theme], Drawing]
    alt: str
    caption: str = ""
    folded: bool = False


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command that a reader may want to run, and what it does."""

    does: str
    command: str


@dataclass(frozen=True, kw_only=True)
class Block:
    """Text whose lines stay as they are, behind a click: a traceback, a patch."""

    title: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Card:
    """One section.

    Attributes:
        name: of its file, its anchor on the page and its key in summary.json.
        title: for people.
        status: ``decided`` or ``open`` where it answers; ``alarm`` where a reader must look;
            ``plain`` where it only tells.
        words: paragraphs, the most important one first.
        facts: short name and value pairs, drawn as tiles.
        tables: in the order of reading.
        figures: in the order of reading.
        commands: what to run next.
        blocks: texts to look into.
        data: the numbers behind it, as plain data for summary.json.
        folded: all but its title and first words behind a click.
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
