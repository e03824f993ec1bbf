"""The samplers by name: the ways to propose points. ``--sampler`` and the spaces name them."""

from __future__ import annotations

from collections.abc import Callable

from optuna.samplers import BaseSampler, RandomSampler, TPESampler

RANDOM_FIRST = 8
"""TPE begins with so many random trials."""

SAMPLERS: dict[str, Callable[[int], BaseSampler] | None] = {
    "grid": None,
    "random": lambda seed: RandomSampler(seed=seed),
    "tpe": lambda seed: TPESampler(seed=seed, n_startup_trials=RANDOM_FIRST),
}
"""How to make each from a seed; None: the points of ``Space.grid``, in their order."""
