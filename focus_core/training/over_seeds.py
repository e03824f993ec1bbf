"""How a trial's number follows from its seeds' numbers. No torch: the ledger imports this too."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping
from typing import Any

OVER_SEEDS: dict[str, Callable[[list[float]], float]] = {
    "value": statistics.fmean,
    "test": statistics.fmean,
    "window_ceiling": statistics.fmean,
    "leak": max,
    "pole_radius_max": max,
    "pole_radius_median": statistics.fmean,
    "effective_memory": statistics.fmean,
    "peak_gain": max,
    "sliding": statistics.fmean,
    "future_masked": statistics.fmean,
    "future_seen": statistics.fmean,
    "theta_mean": statistics.fmean,
}


def merge(found: Mapping[str, Any], seeds: Iterable[int]) -> dict[str, float]:
    """The numbers of one report over all ``seeds``, from the entries ``name/seed``.

    A name that some seed lacks is left out, so that no mean covers only the seeds that survived.
    """
    numbers = list(seeds)
    merged = {}
    for name, over_seeds in OVER_SEEDS.items():
        values = [found.get(f"{name}/{seed}") for seed in numbers]
        if numbers and all(value is not None for value in values):
            merged[name] = over_seeds([value for value in values if value is not None])
    return merged
