"""Milliseconds a training step, every variant side by side: ``python benchmarks/train_step.py``.

Rounds go through all variants in turn, so that a busy moment of the machine hits them alike; a
variant's figure is its fastest round, with the median beside it. One thread, one seed. The last
line is JSON: commit, hardware, versions, the base config and the figures.
"""

from __future__ import annotations

import json
import statistics
import time

import torch

from focus_core.replicate import Replicate
from focus_core.variants import VARIANTS
from search_spaces import load
from sweeps.provenance import commit, hardware, versions

ROUNDS, STEPS = 7, 5


def main() -> None:
    """Measure and print."""
    torch.set_num_threads(1)
    space = load("ablation")
    base = space.base()
    arms = {
        name: Replicate(space.configure({"variant": name}, base), 0, torch.device("cpu"))
        for name in VARIANTS
    }
    rounds: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(ROUNDS):
        for name, arm in arms.items():
            rounds[name].append(milliseconds(arm, 1 + number * STEPS))
    figures = {
        name: {"best_ms": round(min(times), 2), "median_ms": round(statistics.median(times), 2)}
        for name, times in rounds.items()
    }
    for name, figure in figures.items():
        print(f"{name:<16} {figure['best_ms']:8.2f} ms   median {figure['median_ms']:8.2f}")
    told = {k: v for k, v in commit().items() if k != "diff"}
    print(
        json.dumps(
            {
                **told,
                "hardware": hardware(),
                "versions": versions(),
                "threads": torch.get_num_threads(),
                "config": base.flat(),
                "figures": figures,
            }
        )
    )


def milliseconds(arm: Replicate, first: int) -> float:
    """Time of one step, averaged over ``STEPS`` steps from ``first`` on."""
    started = time.perf_counter()
    for step in range(first, first + STEPS):
        arm.train_step(step)
    return 1000 * (time.perf_counter() - started) / STEPS


if __name__ == "__main__":
    main()
