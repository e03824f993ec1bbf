"""Milliseconds a training step, every variant side by side: ``python benchmarks/train_step.py``.

Rounds go through all variants in turn, so that a busy moment of the machine hits them alike; a
variant's figure is its fastest round, with the median beside it. One thread, one seed.
"""

from __future__ import annotations

import statistics
import time

import torch
from result import publish, read_command

from focus_core.training.replicate import Replicate
from search_spaces import load
from search_spaces.variants import VARIANTS

STEPS = 5
REFERENCES = ("base", "flash_transformer")


def main() -> None:
    """Measure and publish."""
    args = read_command(__doc__, rounds=7)
    torch.set_num_threads(1)
    space = load("ablation")
    base = space.base()
    arms = {
        name: Replicate(space.configure({"variant": name}, base), 0, torch.device("cpu"))
        for name in VARIANTS
    }
    rounds: dict[str, list[float]] = {name: [] for name in arms}
    for number in range(args.rounds):
        for name, arm in arms.items():
            rounds[name].append(milliseconds(arm, 1 + number * STEPS))
    best = {name: min(times) for name, times in rounds.items()}
    rows = [
        {
            "variant": name,
            "fastest": f"{best[name]:.2f}",
            "median": f"{statistics.median(rounds[name]):.2f}",
            **{f"/ {other}": f"{best[name] / best[other]:.2f}" for other in REFERENCES},
            "parameters": f"{sum(p.numel() for p in arms[name].net.parameters()):,}",
        }
        for name in sorted(arms, key=best.__getitem__)
    ]
    task, train = base.task, base.train
    notes = [
        f"{args.rounds} rounds of {STEPS} steps, all variants in turn; one thread, one seed",
        f"{task.name}, {train.batch_size} sequences of {task.length} tokens, width "
        f"{base.model.width}, {base.model.layers} layers, AdamW: the base of the space `ablation`",
    ]
    publish("Milliseconds a training step", rows, notes, args.out)


def milliseconds(arm: Replicate, first: int) -> float:
    """Time of one step, averaged over ``STEPS`` steps from ``first`` on."""
    started = time.perf_counter()
    for step in range(first, first + STEPS):
        arm.train_step(step)
    return 1000 * (time.perf_counter() - started) / STEPS


if __name__ == "__main__":
    main()
