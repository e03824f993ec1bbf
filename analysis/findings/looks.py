"""How often the seeds of a sweep were added to: each time, what there was had been looked at."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from analysis.findings.commands import words_of


def looks(about: Mapping[str, Any]) -> int:
    """1 for a sweep whose seeds were never added to.

    Args:
        about: the sweep's row; ``asked``, where the ledger has it, says what was asked each time:
            ``seeds`` of every trial, and ``more`` for some. Without it the first command tells
            whether seeds were added at all. Of several sweeps that are compared, the one that was
            looked at most often counts.
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
