"""A card's table as a page draws it: cells in words, the first rows, the others as data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from analysis.sections.card import Table
from analysis.sections.digits import TO_THE_RIGHT, Format, cell_text, is_signed

TRIALS = "trials"
"""The table whose rows are the trials themselves: what other rows lead to."""
MOST_REST = 1_150_000
"""Characters of rows that a page carries beyond those it shows; further ones are in the CSV."""

MINUS = "\N{MINUS SIGN}"

Cell = str | list[str]
"""Words; several marks are a list."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The head of a column."""

    title: str
    kind: str
    help: str
    is_number: bool


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row as it is shown.

    Attributes:
        cells: their words.
        anchor: what the row itself is called; empty for none.
        href: where its name leads; empty for nowhere.
    """

    cells: Sequence[Cell]
    anchor: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class View:
    """A table as a page has it.

    Attributes:
        linked: the column whose words lead somewhere.
        rows: those that are shown.
        rest: the others, as a JSON list of ``[cells, anchor, href]``; empty for none.
        total: how many rows there are.
        left_out: how many are in the CSV alone.
        csv: that file's address.
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
    """What a page shows of a table.

    Args:
        table: of a card.
        scores: how scores are printed.
        runs: a trial's id to the address of its run in MLflow, where one is known.
        room: characters that rows beyond the shown ones may take.
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
    """Without the columns in which no row has anything: the CSV has them."""
    kept = [
        at for at in range(len(table.columns)) if any(row[at] is not None for row in table.rows)
    ]
    return replace(
        table,
        columns=[table.columns[at] for at in kept],
        rows=[[row[at] for at in kept] for row in table.rows],
    )


def cells(table: Table, scores: Format) -> list[list[Cell]]:
    """Every cell in words; a minus is a minus."""
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
    """JSON that may stand in a script element: nothing in it ends that."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _code(table: Table) -> int:
    """The column with the trials' ids, else the first."""
    found = [at for at, column in enumerate(table.columns) if column.kind == "code"]
    return found[-1] if found else 0


def _row(words: list[Cell], link: str | None, is_trials: bool, runs: Mapping[str, str]) -> Row:
    if link is None:
        return Row(cells=words)
    if is_trials:
        return Row(cells=words, anchor=f"t-{link}", href=runs.get(link, ""))
    return Row(cells=words, href=f"#t-{link}")


def _rest(rows: Sequence[Row], room: int) -> tuple[str, int]:
    """The rows as data, and how many of them there was room for."""
    parts: list[str] = []
    for row in rows:
        parts.append(as_data([row.cells, row.anchor, row.href]))
        room -= len(parts[-1]) + 1
        if room < 0:
            parts.pop()
            break
    return (f"[{','.join(parts)}]" if parts else ""), len(parts)
