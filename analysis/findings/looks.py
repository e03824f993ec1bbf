"""The number of looks at a sweep: each time that seeds were added, the results had been seen."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from analysis.findings.commands import words_of


def looks(about: Mapping[str, Any]) -> int:
    """The number of looks; 1 for a sweep to which no seeds were added.

    Args:
        about: the sweep's row. Its ``asked``, where the ledger has it, says what each launch asked
            for: ``seeds`` of every trial, and ``more`` for some trials. Without ``asked``, the
            first command tells only whether seeds were added at all. For several sweeps that are
            compared, the largest number of looks counts.
    """
    if "sweeps" in about:
        return max(looks(sweep) for sweep in about["sweeps"].values())
    asked = about.get("asked") or []
    plans = [(one.get("seeds"), sorted((one.get("more") or {}).items())) for one in asked]
    if plans:
        return 1 + sum(now != before for before, now in pairwise(plans))
    first = _first_seeds(about["command"])
    return 1 if first is None or first >= about["seeds"] else 2


def _first_seeds(command: str) -> int | None:
    words = [part for word in words_of(command) for part in word.split("=", 1)]
    after = [value for flag, value in pairwise(words) if flag == "--seeds"]
    return int(after[-1]) if after and after[-1].isdigit() else None
