"""One sweep's runs in MLflow: found again by tag, and made to agree with their ledger rows.

Everything here may be done twice, or after a crash half-way: what MLflow already has is skipped.
What a person deleted of the sweep is restored, or made anew where it was permanently deleted, once
there is something to write; whatever else lies in the same experiment is left as it is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from pathlib import Path
from typing import Any

from sweeps.progress import ENDED, short_name
from sweeps.schema import Report, Sweep, Trial
from sweeps.tracking import rows
from sweeps.tracking.experiments import Experiments
from sweeps.tracking.finding import Run, find_runs


class SweepRuns:
    """A parent run for the sweep, a child run for each trial.

    Args:
        client: an ``MlflowClient``.
        sweep: the ledger's row.
        artifacts: folder for the artifacts of a new experiment; None: the server's default.

    Raises:
        Exception: whatever MLflow raises when it cannot answer, here and in every method.
    """

    def __init__(self, client: Any, sweep: Sweep, artifacts: Path | None) -> None:
        self._client = client
        self._experiments = Experiments(client)
        found = find_runs(client, self._experiments.ids, sweep)
        self._parent = next(iter(found.parents), None)
        self._children = {trial_id: runs[0] for trial_id, runs in found.children.items()}
        known = [run.experiment for run in (*found.parents, *self._children.values())]
        self._experiment = self._experiments.choose(sweep, known, artifacts)
        doubled = [run for runs in (found.parents, *found.children.values()) for run in runs[1:]]
        for run in doubled + found.superseded:
            if not run.is_deleted:
                self._supersede(run)

    def mirror(
        self, sweep: Sweep, trial: Trial, reports: Sequence[Report], *, complete: bool = False
    ) -> int:
        """Make one trial's run agree with its row.

        Args:
            sweep: its sweep.
            trial: the row.
            reports: those since the last call, or all; what MLflow has of them is skipped.
            complete: these are all that the ledger has. A run that agrees is then left alone
                without being asked for its history, and one of an attempt that the ledger has
                forgotten is deleted.

        Returns:
            how many reports MLflow did not have as they are now.
        """
        by_step = {report.step: rows.milliseconds(report.at) for report in reports}
        if complete:
            self._forget(trial, reports, by_step)
        if not self._is_behind(sweep, trial, by_step, complete):
            return 0
        run = self._child(sweep, trial)
        logged = self._logged(run)
        fresh = {r.step: r for r in reports if logged.get(r.step) != by_step[r.step]}
        points = rows.report_metrics(list(fresh.values()))
        points = self._unsaid(run, points, repeated=fresh.keys() & logged.keys())
        logged = logged | {step: by_step[step] for step in fresh}
        self._write_files(run, trial)
        self._log(
            run,
            params=rows.trial_params(sweep, trial),
            points=points + rows.final_metrics(trial),
            tags=rows.trial_tags(sweep, trial, reports, before=run.tags)
            | rows.logged_tags(logged)
            | self._ties(sweep, trial),
        )
        run.logged = logged
        self._set_status(run, rows.STATUS[trial.state], trial.finished)
        return len(fresh)

    def mirror_sweep(self, sweep: Sweep, trials: Sequence[Trial], state: str) -> None:
        """Make the parent run agree: counts, the best trial, and ``state`` (as a trial's).

        Args:
            sweep: its row.
            trials: all that the ledger has; a run of any other is deleted.
            state: as a trial's.
        """
        for ghost in self._children.keys() - {trial.trial_id for trial in trials}:
            self.supersede(ghost)
        parent = self._parent_of(sweep)
        wanted = rows.sweep_metrics(sweep, trials)
        changed = {k: v for k, v in wanted.items() if parent.metrics.get(k) != v}
        ended = sum(trial.state in ENDED for trial in trials)
        # MLflow shows the point of the largest step, then time: when a sweep goes on with more
        # seeds, or the clock was set back, the newest counts must not stand behind older ones.
        step, at = rows.parse_counted(parent.tags)
        step, at = max(step, ended), max(at + 1, int(time.time() * 1000))
        self._log(
            parent,
            params=rows.sweep_params(sweep),
            points=[(key, value, at, step) for key, value in changed.items()],
            tags=rows.sweep_tags(sweep, trials, state)
            | rows.identity_tags(sweep)
            | ({rows.COUNTED_TAG: f"{step} {at}"} if changed else {}),
        )
        parent.metrics |= changed
        self._set_status(parent, rows.STATUS[state], sweep.finished)

    def kill_open(self) -> None:
        """Close as killed whatever still looks alive."""
        for run in [*self._children.values(), *([self._parent] if self._parent else [])]:
            if run.status in rows.OPEN and not run.is_deleted:
                self._log(run, params={}, points=[], tags={"state": "killed"})
                self._set_status(run, "KILLED", None)

    def supersede(self, trial_id: str) -> None:
        """Delete the trial's run, if there is one; the next one is made anew."""
        run = self._children.pop(trial_id, None)
        if run is not None:
            self._supersede(run)

    def _supersede(self, run: Run) -> None:
        self._revive(run)  # a deleted one takes no tag
        # By its new kind it is told apart from one that a person deleted, and is never restored.
        self._client.set_tag(run.id, rows.KIND_TAG, rows.SUPERSEDED)
        self._client.delete_run(run.id)

    def _revive(self, run: Run) -> Run:
        if run.is_deleted:
            self._experiments.open(run.experiment)
            self._client.restore_run(run.id)
            run.is_deleted = False
        return run

    def _ties(self, sweep: Sweep, trial: Trial) -> dict[str, str]:
        """The tags without which a trial's run is not found, or hangs under no sweep."""
        return rows.identity_tags(sweep, trial) | {rows.PARENT_TAG: self._parent_of(sweep).id}

    def _is_behind(
        self, sweep: Sweep, trial: Trial, by_step: Mapping[int, int], complete: bool
    ) -> bool:
        run = self._children.get(trial.trial_id)
        if run is None or run.is_deleted:
            return trial.state != "waiting" or bool(by_step)
        if run.logged is not None:
            missing = any(run.logged.get(step) != at for step, at in by_step.items())
        else:
            missing = not (complete and rows.agree(run.tags, by_step))
        if not self._ties(sweep, trial).items() <= run.tags.items():
            return True
        state = (run.tags.get("state"), run.status)
        return missing or state != (trial.state, rows.STATUS[trial.state])

    def _logged(self, run: Run) -> dict[int, int]:
        if run.logged is None:
            history = self._client.get_metric_history(run.id, rows.STEP)
            history = sorted(history, key=lambda metric: metric.timestamp)
            run.logged = {metric.step: metric.timestamp for metric in history}
        return run.logged

    def _unsaid(self, run: Run, points: list[rows.Point], repeated: Set[int]) -> list[rows.Point]:
        """Without what is there already of steps trained twice: since a checkpoint, or for more
        seeds. MLflow can only add, and shows the last of two values at a step.
        """
        keys = {key for key, _, _, step in points if step in repeated}
        said = {
            (key, metric.step, metric.value)
            for key in keys
            for metric in self._client.get_metric_history(run.id, key)
        }
        return [point for point in points if (point[0], point[3], point[1]) not in said]

    def _forget(self, trial: Trial, reports: Sequence[Report], by_step: Mapping[int, int]) -> None:
        """Supersede a run that holds what these reports have not: the ledger is written first, so
        it has started the trial over, or the run is another trial's.
        """
        run = self._children.get(trial.trial_id)
        if run is not None and rows.agree(run.tags, by_step):
            same = rows.last_value(reports) == run.metrics.get("value")
        else:
            same = run is None or self._logged(run).keys() <= by_step.keys()
        if not same:
            self.supersede(trial.trial_id)

    def _write_files(self, run: Run, trial: Trial) -> None:
        if not run.has_params:  # they are logged after the file: with them, it is there
            self._client.log_dict(run.id, dict(trial.config), "config.json")
        if trial.state == "failed" and trial.error and run.tags.get("state") != "failed":
            self._client.log_text(run.id, trial.error, "error.txt")

    def _log(
        self,
        run: Run,
        *,
        params: Mapping[str, Any],
        points: Sequence[rows.Point],
        tags: Mapping[str, str],
    ) -> None:
        """One call, unless there are more metrics than MLflow takes in one. Tags come last."""
        from mlflow.entities import Metric, Param, RunTag

        new = (
            [] if run.has_params else [Param(k, str(v)[: rows.MAX_TEXT]) for k, v in params.items()]
        )
        changed = {key: text for key, text in tags.items() if run.tags.get(key) != text}
        *first, last = rows.batches(points)
        for batch in first:
            self._client.log_batch(run.id, [Metric(*point) for point in batch])
        if last or new or changed:
            metrics = [Metric(*point) for point in last]
            labels = [RunTag(key, text) for key, text in changed.items()]
            self._client.log_batch(run.id, metrics, new, labels)
        run.has_params = run.has_params or bool(new)
        run.tags |= changed

    def _set_status(self, run: Run, status: str, end: datetime | None) -> None:
        if run.status == status:
            return
        if status in rows.OPEN:
            self._client.update_run(run.id, status=status)
        else:
            self._client.set_terminated(run.id, status, end and rows.milliseconds(end))
        run.status = status

    def _child(self, sweep: Sweep, trial: Trial) -> Run:
        run = self._children.get(trial.trial_id)
        if run is None:
            run = self._create(short_name(trial), self._ties(sweep, trial), trial.started)
            self._children[trial.trial_id] = run
        return self._revive(run)

    def _parent_of(self, sweep: Sweep) -> Run:
        if self._parent is None:
            tags = rows.identity_tags(sweep) | {"mlflow.note.content": sweep.question}
            self._parent = self._create(sweep.name, tags, sweep.created)
        return self._revive(self._parent)

    def _create(self, name: str, tags: dict[str, str], start: datetime | None) -> Run:
        began = start and rows.milliseconds(start)
        info = self._client.create_run(self._experiment, began, tags, name).info
        return Run(info.run_id, self._experiment, info.status, tags, logged={})
