"""Which seeds the trials of a sweep are trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sweeps.schema import Trial

FIRST_FRESH = 1000
"""The first seed of a confirmation: far behind those that a sweep may still be given."""


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """Consecutive ones, the same for every trial but for those that get more.

    Attributes:
        count: of every trial.
        first: the smallest.
        more: how many a trial gets instead, by its id.
    """

    count: int
    first: int = 0
    more: Mapping[str, int] = field(default_factory=dict)

    def of(self, trial_id: str) -> range:
        """Those that the trial is trained with."""
        return range(self.first, self.first + max(self.count, self.more.get(trial_id, 0)))

    def missing(self, trial: Trial) -> list[int]:
        """Those that have not come to the end of the budget."""
        finished = {r.seed for r in trial.replicates if r.state == "complete"}
        return [seed for seed in self.of(trial.trial_id) if seed not in finished]

    def all_ended(self, trial: Trial) -> bool:
        """Every seed has come to its end, well or not: nothing is left to train."""
        ended = {r.seed for r in trial.replicates if r.state in ("complete", "diverged")}
        return ended >= set(self.of(trial.trial_id))
