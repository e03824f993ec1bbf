"""``report.md``: the cards as Markdown that GitHub renders correctly."""

from __future__ import annotations

import re
from collections.abc import Sequence

from analysis.page.assemble import Head
from analysis.sections.card import Card, Figure, Table
from analysis.sections.digits import TO_THE_RIGHT, Format, cell_text, is_signed


def markdown(head: Head, cards: Sequence[Card], scores: Format) -> str:
    """The whole report; figures and the rest of long tables are separate files beside it."""
    parts = [f"# {words(head.question)}", words(" · ".join([head.name, *head.notes]))]
    for card in cards:
        parts += _card(card, scores)
    return "\n\n".join(parts) + "\n"


def words(text: str) -> str:
    """The text as one line of Markdown; the only markup left in it is code in backticks."""
    line = " ".join(text.split())
    pieces = re.split(r"(`[^`]+`)", line)  # every second piece is code
    return "".join(
        piece if at % 2 and not re.search(r"[<>&]", piece) else _escaped(piece)
        for at, piece in enumerate(pieces)
    )


def _escaped(text: str) -> str:
    text = re.sub(r"([\\`*_\[\]#|~$!<>&@])", r"\\\1", text)
    text = re.sub(r"^(\d*)([-+.)])(\s)", r"\1\\\2\3", text)  # no list item
    return re.sub(r"(https?|ftp|www)([:.])", r"\1\\\2", text)  # no automatic link


def _card(card: Card, scores: Format) -> list[str]:
    status = "" if card.status == "plain" else f" ({card.status})"
    parts = [f"## {words(card.title)}{status}", *map(words, card.words)]
    if card.facts:
        parts.append("\n".join(f"- {words(name)}: {words(value)}" for name, value in card.facts))
    parts += [_figure(figure) for figure in card.figures]
    parts += [_table(table, scores) for table in card.tables if table.rows]
    for command in card.commands:
        parts += [words(command.does), fenced(command.command, "sh")]
    for block in card.blocks:
        parts += [f"### {words(block.title)}", fenced(block.text)]
    return parts


def _figure(figure: Figure) -> str:
    image = f"![{words(figure.alt)}](figures/{figure.name}.png)"
    return f"{image}\n\n{words(figure.caption)}" if figure.caption else image


def _table(table: Table, scores: Format) -> str:
    signed = [is_signed(table, at) for at in range(len(table.columns))]
    marks = ["---:" if column.kind in TO_THE_RIGHT else "---" for column in table.columns]
    lines = [_line([column.head for column in table.columns]), f"| {' | '.join(marks)} |"]
    for row in table.rows[: table.shown]:
        cells = zip(table.columns, row, signed, strict=True)
        lines.append(_line([cell_text(c, value, scores, signed=s) for c, value, s in cells]))
    text = f"### {words(table.title)}\n\n" + "\n".join(lines)
    if len(table.rows) > table.shown:
        text += (
            f"\n\n{table.shown} of {len(table.rows)} rows; all are in `tables/{table.name}.csv`."
        )
    return text


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(words(cell).replace('`', '') for cell in cells)} |"


def fenced(text: str, kind: str = "") -> str:
    """A code block whose fence is longer than every run of backticks in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{kind}\n{text.rstrip()}\n{fence}"
