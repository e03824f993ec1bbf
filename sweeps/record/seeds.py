"""Which seeds the trials of a sweep are trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sweeps.record.schema import Trial

FIRST_FRESH = 1000
"""The first seed of a confirmation: far above the seeds that a sweep may still get."""


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """Consecutive seeds, the same for every trial, except for trials that get more.

    Attributes:
        count: how many seeds every trial gets.
        first: the smallest seed.
        more: by trial id, how many seeds a trial gets where that is more than ``count``.
    """

    count: int
    first: int = 0
    more: Mapping[str, int] = field(default_factory=dict)

    def of(self, trial_id: str) -> range:
        """The seeds that the trial is trained with."""
        return range(self.first, self.first + max(self.count, self.more.get(trial_id, 0)))

    def missing(self, trial: Trial) -> list[int]:
        """The trial's seeds that have not reached the end of the budget."""
        finished = {r.seed for r in trial.replicates if r.state == "complete"}
        return [seed for seed in self.of(trial.trial_id) if seed not in finished]

    def all_ended(self, trial: Trial) -> bool:
        """Whether every seed is complete or has diverged: nothing is left to train."""
        ended = {r.seed for r in trial.replicates if r.state in ("complete", "diverged")}
        return ended >= set(self.of(trial.trial_id))
