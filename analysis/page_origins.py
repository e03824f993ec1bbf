"""The table that says what of a rival is ours, and what is as published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analysis.markup import Html, join, table, tag
from analysis.origins import KEYS

Data = Mapping[str, Any]


def origins(summary: Data) -> Html:
    """Whose start, frame, optimiser and protocol each arm has, where one is a rival."""
    rows = [
        [tag("span", text, class_="wrap") for text in _words(row)]
        for row in summary["origins"]
    ]
    if not rows:
        return Html("")
    text = (
        "A rival is the published system only as far as these words say so: every function equals "
        "that of the public code, but what is ours may cost or help it."
    )
    notes = [tag("p", summary["origin_note"], class_="note")] if summary["origin_note"] else []
    told = table(["arms", *KEYS], rows, label="Ours or published")
    return join([told, tag("p", text, class_="note"), *notes])


def _words(row: Data) -> list[str]:
    return [", ".join(row["arms"]), *(row[key] for key in KEYS)]
