"""The number of looks at a sweep: each time that seeds were added, the results had been seen."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any


def looks(about: Mapping[str, Any]) -> int:
    """The number of looks; 1 for a sweep to which no seeds were added.

    Args:
        about: the sweep's row. Its ``asked`` says what each launch asked for: ``seeds`` of every
            trial, and ``more`` for some trials. For several sweeps that are compared, the largest
            number of looks counts.
    """
    if "sweeps" in about:
        return max(looks(sweep) for sweep in about["sweeps"].values())
    asked = about.get("asked") or []
    plans = [(one.get("seeds"), sorted((one.get("more") or {}).items())) for one in asked]
    return 1 + sum(now != before for before, now in pairwise(plans))
