"""A toy pruner: a trial in which little remains is stopped."""

from __future__ import annotations

from dataclasses import dataclass

from optuna import Study
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class Forgetful(BasePruner):
    """See Optuna's ``BasePruner``."""

    warmup: int

    def prune(self, study: Study, trial: FrozenTrial) -> bool:
        """Whether the trial is stopped."""
        step = trial.last_step
        return step is not None and step >= self.warmup and trial.params["model.remains"] < 0.2
