"""The pruners by name: the rules that stop a trial early. A space names its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from optuna.pruners import BasePruner, MedianPruner

NEVER_FIRST = 8
"""The median of fewer complete trials stops no trial."""


@dataclass(frozen=True, kw_only=True)
class Pruner:
    """A rule that stops trials early.

    Attributes:
        make: returns the rule, given the steps before which no trial is stopped.
        why: why a trial was stopped, in words that go before "at step 50".
    """

    make: Callable[[int], BasePruner]
    why: str


def _median(warmup: int) -> BasePruner:
    return MedianPruner(n_startup_trials=NEVER_FIRST, n_warmup_steps=warmup)


PRUNERS = {
    "median": Pruner(make=_median, why="worse than the median"),
}
"""By ``Space.pruner``."""
