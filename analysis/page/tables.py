"""A card's table as a page shows it: cells as text, the first rows; the other rows as data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.sections.card import Table
from analysis.sections.digits import TO_THE_RIGHT, Format, cell_text, is_signed

TRIALS = "trials"
"""The table whose rows are the trials; rows of other tables link to these rows."""
MOST_REST = 1_150_000
"""Most characters of hidden rows in a page; rows beyond that are only in the CSV."""

MINUS = "\N{MINUS SIGN}"

Cell = str | list[str]
"""The text of a cell; several marks are a list."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a column."""

    title: str
    kind: str
    help: str
    is_number: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of a page's table.

    Attributes:
        cells: the texts of its cells.
        anchor: the row's own anchor on the page; empty for none.
        href: address that the row's linked cell leads to; empty for no link.
    """

    cells: Sequence[Cell]
    anchor: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """A table of a page.

    Attributes:
        linked: index of the column whose cells are links.
        rows: the rows that are shown at first.
        rest: further rows, as a JSON list of ``[cells, anchor, href]``; empty for none.
        total: number of all rows.
        left_out: number of rows that are only in the CSV.
        csv: address of the CSV file.
    """

    name: str
    title: str
    heads: Sequence[Head]
    linked: int
    rows: Sequence[Row]
    rest: str
    total: int
    left_out: int
    csv: str


def view(table: Table, scores: Format, runs: Mapping[str, str], room: int = MOST_REST) -> View:
    """The table as a page shows it.

    Args:
        table: the card's table.
        scores: how scores are printed.
        runs: maps a trial's id to the address of its run in MLflow, where one is known.
        room: most characters that the rows of ``rest`` may take.
    """
    table = _filled(table)
    words = cells(table, scores)
    links = [*table.links, *[None] * (len(words) - len(table.links))]
    is_trials = table.name == TRIALS
    rows = [_row(found, link, is_trials, runs) for found, link in zip(words, links, strict=True)]
    rest, kept = _rest(rows[table.shown :], room)
    return View(
        name=table.name,
        title=table.title,
        heads=[
            Head(title=c.head, kind=c.kind, help=c.help, is_number=c.kind in TO_THE_RIGHT)
            for c in table.columns
        ],
        linked=_code(table) if is_trials else 0,
        rows=rows[: table.shown],
        rest=rest,
        total=len(rows),
        left_out=max(0, len(rows) - table.shown) - kept,
        csv=f"tables/{table.name}.csv",
    )


def _filled(table: Table) -> Table:
    """The table without its empty columns; the CSV keeps these columns."""
    kept = [
        at for at in range(len(table.columns)) if any(row[at] is not None for row in table.rows)
    ]
    return replace(
        table,
        columns=[table.columns[at] for at in kept],
        rows=[[row[at] for at in kept] for row in table.rows],
    )


def cells(table: Table, scores: Format) -> list[list[Cell]]:
    """Every cell as text; numbers have a true minus sign in place of a hyphen."""
    signed = [is_signed(table, at) for at in range(len(table.columns))]
    found: list[list[Cell]] = []
    for row in table.rows:
        line: list[Cell] = []
        for column, value, sign in zip(table.columns, row, signed, strict=True):
            if column.kind == "mark" and isinstance(value, list | tuple):
                line.append([str(word) for word in value])
                continue
            text = cell_text(column, value, scores, signed=sign)
            line.append(text.replace("-", MINUS) if column.kind in TO_THE_RIGHT else text)
        found.append(line)
    return found


def as_data(value: Any) -> str:
    """JSON that is safe inside a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _code(table: Table) -> int:
    """Index of the column with the trials' ids; 0 if there is none."""
    found = [at for at, column in enumerate(table.columns) if column.kind == "code"]
    return found[-1] if found else 0


def _row(words: list[Cell], link: str | None, is_trials: bool, runs: Mapping[str, str]) -> Row:
    if link is None:
        return Row(cells=words)
    if is_trials:
        return Row(cells=words, anchor=f"t-{link}", href=runs.get(link, ""))
    return Row(cells=words, href=f"#t-{link}")


def _rest(rows: Sequence[Row], room: int) -> tuple[str, int]:
    """The rows as JSON, as many as fit into ``room`` characters; and how many fit."""
    parts: list[str] = []
    for row in rows:
        parts.append(as_data([row.cells, row.anchor, row.href]))
        room -= len(parts[-1]) + 1
        if room < 0:
            parts.pop()
            break
    return (f"[{','.join(parts)}]" if parts else ""), len(parts)
