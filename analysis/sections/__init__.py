"""The sections of a report, one file each: a function ``card(findings)`` that returns a card.

To add one, write its file and put its name where it is to be read.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from analysis.findings import Findings
from analysis.sections.card import Card

SECTIONS = (
    "verdict",
    "winner",
    "comparisons",
    "axes",
    "importances",
    "tuning",
    "cost",
    "curves",
    "trials",
    "trust",
    "provenance",
)
"""In the order of reading."""


def cards(findings: Findings) -> list[Card]:
    """Every section that has something to say."""
    there = [name for name in SECTIONS if find_spec(f"{__name__}.{name}")]
    found = [import_module(f"{__name__}.{name}").card(findings) for name in there]
    return [card for card in found if card is not None]
