"""What the command prints about a report: the verdict's words and a short table."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.sections.card import Card, Table
from analysis.sections.digits import TO_THE_RIGHT, Format, cell_text, is_signed

ROWS = 6
COLUMNS = 5
WIDEST = 44
"""Most characters of a cell."""


def lines(cards: Sequence[Card], scores: Format) -> list[str]:
    """The lines to print, from the first card: this card answers the question."""
    if not cards:
        return []
    first = cards[0]
    said = [*first.words]
    if first.facts:
        said.append(", ".join(f"{value} {name}" for name, value in first.facts))
    tables = [table for table in first.tables if table.rows]
    if tables:
        said += ["", *_table(tables[0], scores)]
    return [*said, ""]


def _table(table: Table, scores: Format) -> list[str]:
    columns = table.columns[:COLUMNS]
    signed = [is_signed(table, at) for at in range(len(columns))]
    grid = [[column.head for column in columns]]
    grid += [
        [cell_text(c, v, scores, signed=s) for c, v, s in zip(columns, row, signed, strict=False)]
        for row in table.rows[:ROWS]
    ]
    grid = [
        [cell if len(cell) <= WIDEST else f"{cell[: WIDEST - 1]}…" for cell in row] for row in grid
    ]
    widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
    right = [column.kind in TO_THE_RIGHT for column in columns]
    drawn = [
        "  ".join(
            cell.rjust(width) if side else cell.ljust(width)
            for cell, width, side in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in grid
    ]
    more = len(table.rows) - ROWS
    return drawn + ([f"... {more} more on the page"] if more > 0 else [])
