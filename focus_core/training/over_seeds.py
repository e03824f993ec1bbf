"""A trial's numbers from its seeds' numbers. No torch: the ledger imports this too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from focus_core.metrics import REPORTED


def merge(found: Mapping[str, Any], seeds: Iterable[int]) -> dict[str, float]:
    """The numbers of one report over all ``seeds``, from the entries ``name/seed``.

    A name that some seed lacks is left out, so that no mean covers only the seeds that survived.
    """
    numbers = list(seeds)
    merged = {}
    for name, number in REPORTED.items():
        if number.over_seeds is None or not numbers:
            continue
        values = [found.get(f"{name}/{seed}") for seed in numbers]
        if all(value is not None for value in values):
            merged[name] = number.over_seeds([value for value in values if value is not None])
    return merged
