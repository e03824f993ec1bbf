"""Connect Ray Tune to the driver: a searcher hands out trials, a scheduler records reports.

Tune changes its own trial ids on restore, so the ``trial_id`` in the payload identifies a trial.
The driver holds everything that must survive, so Tune's snapshot is never needed.
"""

from __future__ import annotations

import json
import os
import signal
from collections import defaultdict
from typing import Any, Self

from ray.tune import Callback
from ray.tune.experiment import Trial as RayTrial
from ray.tune.progress_reporter import TrialProgressCallback
from ray.tune.result import RESULT_DUPLICATE
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from sweeps.driving.assignment import Means
from sweeps.driving.driver import Driver
from sweeps.driving.stopping import StopFlag
from sweeps.record.attempts import Place
from sweeps.record.schema import TERMINAL
from sweeps.workers.guard import Limits, Notes
from sweeps.workers.on_ray.cluster_size import Room
from sweeps.workers.on_ray.losses import Losses, error_of, loss_of, node_died, text_of_errors
from sweeps.workers.on_ray.trainable import (
    DEVICE,
    ERROR,
    FAILED,
    HOST,
    NOTE,
    OUTSIDE,
    PAYLOAD,
    REPORT,
    STEP,
    TORCH,
    TRIAL_ID,
)


class OfThisProcess:
    """Keeps the driver out of Tune's snapshot, into which Tune pickles the adapters."""

    def __getstate__(self) -> dict[str, Any]:
        return {}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self


class HandsOut(OfThisProcess, Searcher):
    """Gives Tune the driver's next trial, once the cluster has room for another one."""

    def __init__(
        self,
        driver: Driver,
        *,
        records: Records,
        means: Means,
        room: Room,
        limits: Limits,
        stopping: StopFlag,
    ) -> None:
        super().__init__()
        self.driver = driver
        self.records = records
        self.room = room
        self.limits = limits
        self.means = means
        self.stopping = stopping

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """The next trial; None: not now, Tune asks again."""
        if self.stopping.requested:
            return str(Searcher.FINISHED)
        count = self.records.open_trials
        if count >= self.room.at_once(count):
            return None
        assignment = self.driver.next_trial()
        if assignment is None:
            return str(Searcher.FINISHED)
        payload = assignment.payload(self.means)
        text = json.dumps({**payload, "limits": self.limits.payload()})
        return {TRIAL_ID: assignment.trial_id, PAYLOAD: text}

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
        self.controller: Any = None

    def on_trial_result(self, tune_controller: Any, trial: RayTrial, result: dict[str, Any]) -> str:
        trial_id = trial.config[TRIAL_ID]
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
        goes_on = self.driver.report(trial_id, json.loads(result[REPORT]))
        return str(TrialScheduler.CONTINUE if goes_on else TrialScheduler.STOP)

    def on_trial_complete(
        self,
        tune_controller: Any,
        trial: RayTrial,
        result: dict[str, Any],
    ) -> None:
        trial_id = trial.config[TRIAL_ID]
        if self.driver.trials[trial_id].state == "running":
            self.driver.finished(trial_id)

    def on_trial_add(self, tune_controller: Any, trial: RayTrial) -> None:
        """Keep the controller: Tune calls this before anything else about a trial."""
        self.controller = tune_controller

    @property
    def open_trials(self) -> int:
        """The number of trials that Tune has and has not ended."""
        found = self.controller.get_live_trials() if self.controller else ()
        return sum(not trial.is_finished() for trial in found)

    def queue_again(self, trial: RayTrial) -> None:
        """Queue a trial again that Tune has given up."""
        tune = self.controller
        tune._resetting_trials.discard(trial)  # else no worker would ever be made for it
        if trial in tune._staged_trials:
            tune._unstage_trial_with_resources(trial)
        tune._requeue_trial(trial)

    def let_go(self, trial: RayTrial) -> None:
        """Make Tune forget a trial that has ended: it would keep every trial until the end."""
        tune = self.controller
        tune.get_trials().remove(trial)
        for group in (tune._stopped_trials, tune._failed_trials, tune._trials_to_cache):
            group.discard(trial)

    def stop(self, trial: RayTrial) -> None:
        """End a trial that waits for another worker."""
        self.controller.stop_trial(trial)


class Watches(OfThisProcess, Callback):
    """Tells the driver when a worker is lost, and Tune when to stop."""

    def __init__(self, driver: Driver, stopping: StopFlag, records: Records) -> None:
        self.driver = driver
        self.stopping = stopping
        self.records = records
        self.losses = defaultdict[str, Losses](lambda: Losses(node_died))
        self._asked = False

    def on_trial_recover(
        self, iteration: int, trials: list[RayTrial], trial: RayTrial, **info: Any
    ) -> None:
        """Tune tries a trial again without a limit; the limit is here."""
        trial_id = trial.config[TRIAL_ID]
        if self.driver.trials[trial_id].state in TERMINAL:
            self.records.stop(trial)  # lost after its last report
            return
        loss, losses = loss_of(error_of(trial)), self.losses[trial_id]
        if losses.knows(loss):
            return
        reason, stacks = self._why(trial)
        if losses.try_again(loss, self.driver.trials[trial_id].step):
            what = "host" if loss.host else "worker"
            self.driver.retried(trial_id, f"its {what} was lost{reason}")
            return
        self.records.stop(trial)
        self._lost(trial, losses.in_words(loss), reason, stacks)

    def on_step_end(self, iteration: int, trials: list[RayTrial], **info: Any) -> None:
        """Queue the trials again that Tune has ended before their time.

        Ray 2.60 gives up a trial whose worker dies, or does not answer, while it is made ready for
        the trial after another one. Some of these losses have been reported before.
        """
        if self.stopping.requested or self.driver.broken:
            return
        for trial in [trial for trial in trials if trial.is_finished()]:
            if self.driver.trials[trial.config[TRIAL_ID]].state not in TERMINAL:
                self.records.queue_again(trial)
                self.on_trial_recover(iteration, trials, trial)

    def _lost(self, trial: RayTrial, what: str, reason: str, stacks: str) -> None:
        said = f"{what}{reason and f', at last{reason}'}"
        error = stacks or text_of_errors(trial)
        self.driver.lost(trial.config[TRIAL_ID], said, error)

    def _why(self, trial: RayTrial) -> tuple[str, str]:
        """The reason that the worker's guard left, as the end of a sentence, and the stacks."""
        payload = json.loads(trial.config[PAYLOAD])
        reason, stacks = Notes(payload["checkpoints"], payload["trial_id"]).take() or ("", "")
        return (f": {reason}" if reason else ""), stacks

    def on_step_begin(self, iteration: int, trials: list[RayTrial], **info: Any) -> None:
        for trial in [trial for trial in trials if trial.is_finished()]:
            self.records.let_go(trial)
        if (self.stopping.requested or self.driver.broken) and not self._asked:
            self._asked = True
            interrupt_tune()


class Silent(OfThisProcess, TrialProgressCallback):
    """Prints nothing. Where Tune finds no such callback, it adds one, which prints some ends."""

    def __init__(self) -> None:
        """Set up nothing."""

    def on_trial_result(self, iteration: int, *about: Any, **info: Any) -> None:
        """Print nothing."""

    def on_trial_error(self, iteration: int, *about: Any, **info: Any) -> None:
        """Print nothing."""

    def on_trial_complete(self, iteration: int, *about: Any, **info: Any) -> None:
        """Print nothing."""


def interrupt_tune() -> None:
    """Make ``Tuner.fit`` return after cleaning up: Tune listens for SIGUSR1."""
    os.kill(os.getpid(), signal.SIGUSR1)
