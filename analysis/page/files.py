"""A card's tables as CSV and LaTeX."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from typing import Any

from analysis.sections.card import Column, Table
from analysis.sections.digits import NONE, TO_THE_RIGHT, Format, cell_text, is_signed

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Characters that a spreadsheet takes for the beginning of a formula."""
LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    NONE: "--",
}


def as_csv(table: Table) -> str:
    """The table as CSV: all rows, all digits, and two columns for an interval.

    Text that a spreadsheet would take for a formula gets an apostrophe in front.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([name for column in table.columns for name in _names(column)])
    for row in table.rows:
        pairs = zip(table.columns, row, strict=True)
        writer.writerow([cell for column, value in pairs for cell in _cells(column, value)])
    return buffer.getvalue()


def as_latex(table: Table, scores: Format) -> str:
    """The table as LaTeX for a paper, with the rules of the package booktabs."""
    columns, signed = table.columns, [is_signed(table, at) for at in range(len(table.columns))]
    sides = "".join("r" if column.kind in TO_THE_RIGHT else "l" for column in columns)
    lines = ["% needs \\usepackage{booktabs}", f"\\begin{{tabular}}{{{sides}}}", "\\toprule"]
    lines += [" & ".join(latex(column.head) for column in columns) + r" \\", "\\midrule"]
    for row in table.rows:
        texts = (
            _latex_cell(column, cell_text(column, value, scores, signed=sign))
            for column, value, sign in zip(columns, row, signed, strict=True)
        )
        lines.append(" & ".join(texts) + r" \\")
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", ""])


def latex(text: str) -> str:
    """The text as one line of LaTeX in which every special character is escaped."""
    line = " ".join(text.split())
    return "".join(LATEX.get(c, c) if c.isprintable() else "?" for c in line)


def _latex_cell(column: Column, text: str) -> str:
    shown = latex(text)
    return shown.replace("-", "$-$") if column.kind in TO_THE_RIGHT and text != NONE else shown


def _names(column: Column) -> Iterator[str]:
    title = column.head
    if column.kind == "interval":
        yield _harmless(f"{title} low")
        yield f"{title} high"
    else:
        yield _harmless(title)


def _cells(column: Column, value: Any) -> Iterator[object]:
    if column.kind == "interval":
        yield from (_cell(end) for end in (value or (None, None)))
    elif isinstance(value, list | tuple):
        yield _harmless("; ".join(map(str, value)))
    else:
        yield _cell(value)


def _cell(value: Any) -> object:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _harmless(str(value))
    return value if math.isfinite(value) else str(value)


def _harmless(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # csv quotes a field that holds \n
    return f"'{text}" if text.startswith(FORMULA) else text
