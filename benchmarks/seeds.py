"""What stacking seeds could save at most: ``python benchmarks/seeds.py [--out FILE]``.

Stacked seeds would run as one larger operation instead of several small ones. A step on K times the
batch does at most as much work per operation: its parameters are shared, those of stacked seeds are
not. So its time is a lower bound for K stacked seeds. It stands beside K steps one after the other,
by turns, on one thread.
"""

from __future__ import annotations

import time

import torch
from result import publish, read_command

from focus_core.config import TrialConfig
from focus_core.training.replicate import Replicate
from search_spaces import load

SEEDS = (3, 8)
SMALL = {"model.width": 16, "train.batch_size": 4}
SPACES = {"the default sweep": ("nfft_bins", {}), "a very small net": ("nfft_bins", SMALL)}


def main() -> None:
    """Measure and publish."""
    args = read_command(__doc__, rounds=20)
    torch.set_num_threads(1)
    rows = []
    for what, (space, changes) in SPACES.items():
        base = load(space).base().override(changes)
        arms = {times: arm(base, times) for times in (1, *SEEDS)}
        best = dict.fromkeys(arms, float("inf"))
        for step in range(1, args.rounds + 1):
            for times, replicate in arms.items():
                began = time.perf_counter()
                replicate.train_step(step)
                best[times] = min(best[times], time.perf_counter() - began)
        rows += [
            {
                "trial": what,
                "seeds": str(times),
                "one seed, ms": f"{1000 * best[1]:.1f}",
                "one after the other, ms": f"{1000 * best[1] * times:.1f}",
                "stacked, at least, ms": f"{1000 * best[times]:.1f}",
                "stacked / one seed, at least": f"{best[times] / best[1]:.2f}",
            }
            for times in SEEDS
        ]
    notes = [
        f"the fastest of {args.rounds} steps, all sizes by turns; one thread",
        "a very small net: width 16, 4 sequences a step",
    ]
    publish("What stacking seeds could save at most on a CPU", rows, notes, args.out)


def arm(base: TrialConfig, times: int) -> Replicate:
    """A replicate with so many times the batch."""
    batch = base.train.batch_size * times
    return Replicate(base.override({"train.batch_size": batch}), 0, torch.device("cpu"))


if __name__ == "__main__":
    main()
