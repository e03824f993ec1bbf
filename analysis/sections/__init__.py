"""The sections of a report: each has a file with a function ``card(findings)``.

To add a section, write its file and insert its name into ``SECTIONS`` at its place in the report.
"""

from __future__ import annotations

from importlib import import_module

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
"""Names of the sections in the order of reading."""


def cards(findings: Findings) -> list[Card]:
    """The cards of all sections that have something to say."""
    found = [import_module(f"{__name__}.{name}").card(findings) for name in SECTIONS]
    return [card for card in found if card is not None]
