"""``summary.json``: the cards as plain data; ``summary_fields`` describes the keys."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analysis.page.summary_fields import (
    SUMMARY_VERSION,
    Summary,
    SummaryCard,
    SummaryColumn,
    SummaryTable,
)
from analysis.reading.study import Study
from analysis.sections.card import Card, Table

TRIALS = "trials"
"""The table that the summary leaves out, because ``trials.parquet`` holds the same rows."""


def summary(study: Study, cards: Sequence[Card]) -> dict[str, Any]:
    """Everything that the report says, as data; the same ledger gives the same summary."""
    about, metric = study.about, study.metric
    found: Summary = {
        "version": SUMMARY_VERSION,
        "sweep": {
            "name": about["name"],
            "space": about["space"],
            "question": about["question"],
            "sampler": about["sampler"],
            "seeds": about["seeds"],
            "planned": about["planned"],
            "axes": about["axes"],
            "finished": study.ended,
        },
        "metric": {
            "name": metric.name,
            "direction": "maximize" if metric.maximize else "minimize",
            "margin": metric.margin,
        },
        "answer": _answer(cards),
        "reference": study.reference.trial_id if study.reference else None,
        "reference_why": study.reference_why,
        "cards": {card.name: _card(card) for card in cards},
        "order": [card.name for card in cards],
    }
    as_plain: dict[str, Any] = plain(found)
    return as_plain


def _answer(cards: Sequence[Card]) -> list[str]:
    """The first card's sentences that answer the question."""
    return list(cards[0].data.get("answer", ())) if cards else []


def as_json(found: Mapping[str, Any]) -> str:
    """JSON text with sorted keys, one per line.

    Raises:
        ValueError: ``found`` holds NaN or infinity, which ``plain`` replaces by null.
    """
    return json.dumps(found, indent=1, sort_keys=True, allow_nan=False) + "\n"


def _card(card: Card) -> SummaryCard:
    return {
        "title": card.title,
        "status": card.status,
        "words": list(card.words),
        "facts": [list(fact) for fact in card.facts],
        "tables": {table.name: _table(table) for table in card.tables if table.name != TRIALS},
        "figures": {figure.name: figure.alt for figure in card.figures},
        "commands": [{"does": c.does, "command": c.command} for c in card.commands],
        "data": dict(card.data),
    }


def _table(table: Table) -> SummaryTable:
    columns: list[SummaryColumn] = [
        {"title": c.title, "kind": c.kind, "unit": c.unit} for c in table.columns
    ]
    rows = [list(row) for row in table.rows]
    return {"title": table.title, "columns": columns, "rows": rows, "trials": list(table.links)}


def plain(value: Any) -> Any:
    """``value`` in types that JSON has; NaN and infinity become None."""
    if isinstance(value, Mapping):
        return {str(key): plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
