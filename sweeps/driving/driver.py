"""The driver of one sweep: it hands out trials, takes their reports and keeps every record.

The driver knows neither Ray nor a terminal. ``inline`` and ``on_ray`` call the same methods in the
same order, so every trial is handled in the same way. All calls come from one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from focus_core.config import TrialConfig
from sweeps.commands.command_line import counted
from sweeps.commands.reasons import fitted
from sweeps.driving.adoption import adopt_all
from sweeps.driving.assignment import Assignment
from sweeps.driving.events import Listener
from sweeps.driving.study import Point, Study
from sweeps.provenance.code_identity import trial_code
from sweeps.record.attempts import Place
from sweeps.record.ledger import Ledger
from sweeps.record.schema import TERMINAL, Replicate, Report, Sweep, Trial, now
from sweeps.record.seeds import Seeds


class Driver:
    """Drives ``sweep`` until ``planned`` trials have ended.

    Args:
        ledger: the record.
        sweep: the sweep's row.
        study: proposes points and prunes. It must be empty: the driver fills it from the ledger.
        configure: returns the config of a point.
        seeds: the seeds of the trials; None: from 0, as many as the sweep's row says.
        listeners: called after every commit; their exceptions are dropped and counted.
        retry_failed: hand out failed trials again.
        rerun: train trials again that this or another sweep of the same code has trained.
        forget: removes a trial's checkpoints.
        most_lost: stop after so many lost trials without a finished one between; 0: never.
    """

    def __init__(
        self,
        ledger: Ledger,
        sweep: Sweep,
        study: Study,
        configure: Callable[[Point], TrialConfig],
        *,
        seeds: Seeds | None = None,
        listeners: Sequence[Listener] = (),
        retry_failed: bool = False,
        rerun: bool = False,
        forget: Callable[[str], None] = lambda _: None,
        most_lost: int = 0,
    ) -> None:
        self.ledger = ledger
        self.sweep = sweep
        self.study = study
        self.configure = configure
        self.seeds = seeds or Seeds(count=sweep.seeds)
        self.listeners = listeners
        self.reuse = not rerun
        self.forget = forget
        self.most_lost = most_lost
        self.lost_in_a_row = 0
        self.broken: str | None = None
        """Why the sweep should stop: too many trials were lost. None: it should not stop."""
        self.listener_errors = 0
        rows = adopt_all(ledger, sweep, self.seeds, forget, retry_failed=retry_failed, rerun=rerun)
        reports = ledger.reports(rows)
        self.trials = {row.trial_id: row for row in rows}
        for row in rows:
            study.add(row, reports[row.id])
        self._tell("sweep_started", rows, reports)
        for row in rows:
            self._hear_again(row, reports[row.id])
        self._queue = deque(t.trial_id for t in self.trials.values() if t.state == "waiting")

    def _hear_again(self, row: Trial, reports: Sequence[Report]) -> None:
        """Prune a trial whose last report asks for it: the last driver may have died before that.

        A trial that was repeating steps since a checkpoint goes on: later reports were judged.
        """
        newest = bool(reports) and reports[-1].step == row.step < row.steps
        if newest and row.state == "waiting" and self.study.should_stop(row):
            self._prune(row)

    @property
    def done(self) -> bool:
        """Every planned trial has ended."""
        rows = self.trials.values()
        return len(rows) >= self.sweep.planned and all(t.state in TERMINAL for t in rows)

    def next_trial(self) -> Assignment | None:
        """The next trial to run; None when all are handed out, or when the sweep should stop."""
        if self.broken:
            return None
        while not self._queue and len(self.trials) < self.sweep.planned:
            self._plan_one()
        if not self._queue:
            return None
        trial = self.trials[self._queue.popleft()]
        seeds = self.seeds.missing(trial)
        trial = self._keep(self.ledger.open_replicates(trial, seeds))
        return Assignment(
            trial_id=trial.trial_id,
            code=trial.code,
            token=trial.token,
            reported=self.ledger.reported(trial, seeds),
            config=trial.config,
            seeds=seeds,
        )

    def _plan_one(self) -> None:
        """Ask for a point and record its trial; queue it unless another sweep has its results."""
        number = len(self.trials)
        for point in self.study.proposals(number):
            config = self.configure(point)
            if config.trial_id not in self.trials:
                self._add(number, point, config)
                return
        # Every point that is left would be a trial that the sweep already has.
        self.sweep = self.ledger.update_sweep(self.sweep, planned=number)

    def _add(self, number: int, point: Point, config: TrialConfig) -> None:
        trial_id, canonical = config.trial_id, config.canonical()
        code, seeds = trial_code(canonical), self.seeds.of(trial_id)
        source = self.ledger.find_finished(trial_id, code, seeds) if self.reuse else None
        opened = [] if source else seeds
        trial = self.ledger.add_trial(
            Trial(
                sweep_id=self.sweep.id,
                number=number,
                trial_id=trial_id,
                point=point,
                config=canonical,
                code=code,
                variant=point.get("variant"),
                causal=not config.resolved_model().leaks(),
                state="waiting",
                steps=config.train.steps,
                replicates=[Replicate(seed=seed, state="waiting") for seed in opened],
            )
        )
        if source is not None:
            trial = self.ledger.reuse(trial, source, seeds)
        self.study.add(self._keep(trial))
        if source is None:
            self._queue.append(trial_id)
        else:
            for report in self.ledger.reports([trial])[trial.id]:
                self._tell("reported", trial, report)
            self._tell("trial_ended", trial)

    # What the runner says about a trial that was handed to it

    def began(self, trial_id: str, place: Place, step: int | None = None) -> None:
        """A worker goes on from the checkpoint of ``step``; 0: it refused it, None: none is there.

        The trial runs from here on.
        """
        trial = self._keep(self.ledger.begin_attempt(self.trials[trial_id], place, step or 0))
        self._tell("trial_started", trial)
        if step is None and (until := self.ledger.reported(trial, self.seeds.missing(trial))):
            self.started_over(
                trial_id,
                f"no checkpoint on {place.host}, but reports up to step {until}: it starts over",
            )

    def started_over(self, trial_id: str, note: str) -> None:
        """A worker does not continue from where the trial was; ``note`` says why."""
        self._tell("started_over", self._keep(self.ledger.note(self.trials[trial_id], note[:500])))

    def retried(self, trial_id: str, reason: str) -> None:
        """The worker was lost; another worker continues the trial from its checkpoint."""
        trial = self._keep(self.ledger.retried(self.trials[trial_id], fitted(reason)))
        self._tell("trial_ended", trial)

    def report(self, trial_id: str, metrics: dict[str, float]) -> bool:
        """Record a report; False when the trial should be stopped (pruned)."""
        before = self.trials[trial_id]
        trial, report = self.ledger.record(before, metrics, self.seeds.of(trial_id))
        self._tell("reported", self._keep(trial), report)
        if trial.state == "complete":
            self._end(trial)
        unfinished = report.step < trial.steps and report.value is not None
        if unfinished and self.study.report(trial, report.step, report.value or 0.0):
            self._prune(trial)
            return False
        return True

    def _prune(self, trial: Trial) -> None:
        reason = f"{self.study.why} at step {trial.step}"
        self._end(self.ledger.set_state(trial, "pruned", reason=reason))

    def finished(self, trial_id: str) -> None:
        """The worker says that the trial's budget is used up; the trial's reports decide."""
        trial = self.trials[trial_id]
        if trial.state != "complete":  # a report is missing, or a seed diverged
            self._end(self.ledger.complete(trial, self.seeds.of(trial_id)))

    def failed(self, trial_id: str, reason: str, error: str | None = None) -> None:
        """The trial cannot go on."""
        reason, trial = fitted(reason), self.trials[trial_id]
        if trial.state != "complete":  # it may fail after its last report
            self._end(self.ledger.set_state(trial, "failed", reason=reason, error=error))

    def lost(self, trial_id: str, reason: str, error: str | None = None) -> None:
        """The trial cannot go on because something outside it failed: a worker, a disk."""
        if self.seeds.all_ended(self.trials[trial_id]):
            self.finished(trial_id)  # lost between its last report and its end
            return
        self.failed(trial_id, reason := fitted(reason), error)
        self.lost_in_a_row += 1
        if self.lost_in_a_row == self.most_lost:
            self.broken = f"{counted(self.most_lost, 'trial')} lost in a row, the last: {reason}"

    def stop(self, reason: str) -> None:
        """Mark trials that run or await a retry as killed; the next launch continues them."""
        for trial in list(self.trials.values()):
            to_be_retried = trial.state == "waiting" and trial.reason is not None
            is_open = trial.state == "running" or to_be_retried
            if is_open and self.seeds.all_ended(trial):
                self.finished(trial.trial_id)  # stopped between its last report and its end
            elif is_open:
                self._end(self.ledger.set_state(trial, "killed", reason=reason))

    def close(self) -> None:
        """Record the end of the launch, when no trial runs any more."""
        if self.done and self.sweep.finished is None:  # a relaunch keeps the first time
            self.sweep = self.ledger.update_sweep(self.sweep, finished=now())
        self._tell("sweep_ended", list(self.trials.values()))

    def _end(self, trial: Trial) -> None:
        if trial.state in ("complete", "pruned"):
            self.lost_in_a_row = 0
        self.study.end(self._keep(trial))
        self._tell("trial_ended", trial)

    def _keep(self, trial: Trial) -> Trial:
        self.trials[trial.trial_id] = trial
        return trial

    def _tell(self, event: str, *details: Any) -> None:
        for listener in self.listeners:
            try:
                getattr(listener, event)(self.sweep, *details)
            except Exception:  # noqa: BLE001  a listener must never end a sweep
                self.listener_errors += 1
