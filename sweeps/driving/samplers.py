"""The samplers by name: the ways to propose points. ``--sampler`` and the spaces name them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optuna.samplers import BaseSampler, RandomSampler, TPESampler

RANDOM_FIRST = 8
"""TPE begins with so many random trials."""

SAMPLERS: dict[str, Callable[[int], BaseSampler] | None] = {
    "grid": None,
    "random": lambda seed: RandomSampler(seed=seed),
    "tpe": lambda seed: TPESampler(seed=seed, n_startup_trials=RANDOM_FIRST),
}
"""How to make each from a seed; None: the points of ``Space.grid``, in their order."""


def renewed(sampler: Any, make: Callable[[int], BaseSampler], seed: int) -> BaseSampler:
    """A sampler that is as new, with ``seed``.

    Optuna's TPE and random samplers only get a new random state: a new sampler would work out the
    search space again from all trials. Any other sampler is made anew.
    """
    if type(sampler) not in (TPESampler, RandomSampler):
        return make(seed)
    for part in (sampler, getattr(sampler, "_random_sampler", None)):
        if part is not None:
            part._rng.rng.seed(seed)
    kept: BaseSampler = sampler
    return kept
