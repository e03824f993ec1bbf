"""Connect Ray Tune to the driver: a searcher hands out trials, a scheduler records reports.

Tune changes its own trial ids on restore, so the ``trial_id`` in the payload identifies a trial.
The driver holds everything that must survive, so Tune's snapshot is never needed.
"""

from __future__ import annotations

import os
import signal
from typing import Any, Self

from ray.tune import Callback
from ray.tune.experiment import Trial as RayTrial
from ray.tune.result import RESULT_DUPLICATE
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from sweeps.commands.command_line import counted
from sweeps.driving.assignment import Means
from sweeps.driving.driver import Driver
from sweeps.driving.stopping import StopFlag
from sweeps.record.attempts import Place
from sweeps.workers.guard import Limits, Notes
from sweeps.workers.on_ray.trainable import (
    DEVICE,
    ERROR,
    FAILED,
    HOST,
    NOTE,
    OUTSIDE,
    STEP,
    TORCH,
)

REPORT_PREFIX = "report/"


class OfThisProcess:
    """Keeps the driver out of Tune's snapshot, into which Tune pickles the adapters."""

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class HandsOut(OfThisProcess, Searcher):
    """Gives Tune the driver's next trial."""

    def __init__(
        self,
        driver: Driver,
        *,
        means: Means,
        limits: Limits,
        stopping: StopFlag,
    ) -> None:
        super().__init__()
        self.driver = driver
        self.limits = limits
        self.means = means
        self.stopping = stopping

    def suggest(self, trial_id: str) -> dict[str, Any] | str:
        assignment = None if self.stopping.requested else self.driver.next_trial()
        if assignment is None:
            return str(Searcher.FINISHED)
        payload = assignment.payload(self.means)
        return {"payload": {**payload, "limits": self.limits.payload()}}

    def on_trial_complete(self, trial_id: str, result: Any = None, error: bool = False) -> None:
        """Do nothing: the scheduler (``Records``) has told the driver already."""

    def save(self, checkpoint_path: str) -> None:
        """Save nothing: the ledger has the state."""

    def restore(self, checkpoint_path: str) -> None:
        """Restore nothing: the ledger has the state."""


class Records(OfThisProcess, FIFOScheduler):
    """Records every report and says which trials stop."""

    def __init__(self, driver: Driver) -> None:
        super().__init__()
        self.driver = driver

    def on_trial_result(self, tune_controller: Any, trial: RayTrial, result: dict[str, Any]) -> str:
        trial_id = trial.config["payload"]["trial_id"]
        if RESULT_DUPLICATE in result:  # Tune repeats the last report when a function returns
            return str(TrialScheduler.CONTINUE)
        if NOTE in result:
            self.driver.started_over(trial_id, result[NOTE])
            return str(TrialScheduler.CONTINUE)
        if HOST in result:
            place = Place(result[HOST], result[DEVICE], result[TORCH])
            self.driver.began(trial_id, place, result.get(STEP))
            return str(TrialScheduler.CONTINUE)
        if FAILED in result:
            end = self.driver.lost if result[OUTSIDE] else self.driver.failed
            end(trial_id, result[FAILED], result[ERROR])
            return str(TrialScheduler.STOP)
        report = {
            key.removeprefix(REPORT_PREFIX): float(value)
            for key, value in result.items()
            if key.startswith(REPORT_PREFIX)
        }
        goes_on = self.driver.report(trial_id, report)
        return str(TrialScheduler.CONTINUE if goes_on else TrialScheduler.STOP)

    def on_trial_complete(
        self,
        tune_controller: Any,
        trial: RayTrial,
        result: dict[str, Any],
    ) -> None:
        trial_id = trial.config["payload"]["trial_id"]
        if self.driver.trials[trial_id].state == "running":
            self.driver.finished(trial_id)

    def on_trial_error(self, tune_controller: Any, trial: RayTrial) -> None:
        """Do nothing: Tune calls this at every loss; ``Watches`` tells the driver of the last."""


class Watches(OfThisProcess, Callback):
    """Tells the driver when a trial starts or its worker is lost, and Tune when to stop."""

    def __init__(self, driver: Driver, stopping: StopFlag) -> None:
        self.driver = driver
        self.stopping = stopping
        self._asked = False

    def on_trial_start(
        self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: Any
    ) -> None:
        self.driver.started(trial.config["payload"]["trial_id"])

    def on_trial_recover(
        self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: Any
    ) -> None:
        reason, _ = self._why(trial)
        self.driver.retried(trial.config["payload"]["trial_id"], f"its worker was lost{reason}")

    def on_trial_error(
        self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: Any
    ) -> None:
        reason, stacks = self._why(trial)
        times = counted(trial.num_failures, "time")
        reason = f"its worker was lost {times}{reason and f', at last{reason}'}"
        error = stacks or str(trial.get_error() or "")
        self.driver.lost(trial.config["payload"]["trial_id"], reason, error)

    def _why(self, trial: RayTrial) -> tuple[str, str]:
        """The reason that the worker's guard left, as the end of a sentence, and the stacks."""
        payload = trial.config["payload"]
        reason, stacks = Notes(payload["checkpoints"], payload["trial_id"]).take() or ("", "")
        return (f": {reason}" if reason else ""), stacks

    def on_step_begin(self, iteration: int, trials: list[RayTrial], **info: Any) -> None:
        if (self.stopping.requested or self.driver.broken) and not self._asked:
            self._asked = True
            interrupt_tune()


def interrupt_tune() -> None:
    """Make ``Tuner.fit`` return after cleaning up: Tune listens for SIGUSR1."""
    os.kill(os.getpid(), signal.SIGUSR1)
