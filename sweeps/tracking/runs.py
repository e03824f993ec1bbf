"""One sweep's runs in MLflow: found again by tag, and made to agree with their ledger rows.

Everything here may be done twice, or after a crash half-way: what MLflow already has is skipped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sweeps.progress import ENDED, short_name
from sweeps.schema import Report, Sweep, Trial
from sweeps.tracking import rows


@dataclass
class _Run:
    """What MLflow is known to hold of one run."""

    id: str
    status: str
    tags: dict[str, str]
    metrics: dict[str, float]
    has_params: bool
    logged: dict[int, int] | None = None  # step: milliseconds of its report; None: not asked


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
        self._experiment = self._find_experiment(rows.experiment_name(sweep), artifacts)
        self._children: dict[str, _Run] = {}
        self._parent: _Run | None = None
        for run in self._search(sweep):
            if run.tags.get(rows.KIND_TAG) == "sweep":
                self._parent = run
            else:
                self._children[run.tags.get(rows.TRIAL_TAG, "")] = run

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
        if not self._is_behind(trial, by_step, complete):
            return 0
        self._forget_attempt(trial, by_step, complete)
        if trial.state == "waiting" and not reports and trial.trial_id not in self._children:
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
            tags=rows.trial_tags(sweep, trial, reports, before=run.tags) | rows.logged_tags(logged),
        )
        run.logged = logged
        self._set_status(run, rows.STATUS[trial.state], trial.finished)
        return len(fresh)

    def mirror_sweep(self, sweep: Sweep, trials: Sequence[Trial], state: str) -> None:
        """Make the parent run agree: counts, the best trial, and ``state`` (as a trial's)."""
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
            | ({rows.COUNTED_TAG: f"{step} {at}"} if changed else {}),
        )
        parent.metrics |= changed
        self._set_status(parent, rows.STATUS[state], sweep.finished)

    def kill_open(self) -> None:
        """Close as killed whatever still looks alive."""
        for run in [*self._children.values(), *([self._parent] if self._parent else [])]:
            if run.status in rows.OPEN:
                self._log(run, params={}, points=[], tags={"state": "killed"})
                self._set_status(run, "KILLED", None)

    def _is_behind(self, trial: Trial, by_step: Mapping[int, int], complete: bool) -> bool:
        run = self._children.get(trial.trial_id)
        if run is None:
            return trial.state != "waiting" or bool(by_step)
        if run.logged is not None:
            missing = any(run.logged.get(step) != at for step, at in by_step.items())
        else:
            agreed = rows.logged_tags(by_step).items() <= run.tags.items()
            missing = not (complete and agreed)
        state = (run.tags.get("state"), run.status)
        return missing or state != (trial.state, rows.STATUS[trial.state])

    def _logged(self, run: _Run) -> dict[int, int]:
        if run.logged is None:
            history = self._client.get_metric_history(run.id, rows.STEP)
            history = sorted(history, key=lambda metric: metric.timestamp)
            run.logged = {metric.step: metric.timestamp for metric in history}
        return run.logged

    def _unsaid(self, run: _Run, points: list[rows.Point], repeated: Set[int]) -> list[rows.Point]:
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

    def _forget_attempt(self, trial: Trial, by_step: Mapping[int, int], complete: bool) -> None:
        """The ledger is written first: what only MLflow has, the ledger has started over."""
        run = self._children.get(trial.trial_id)
        if run is not None and complete and not self._logged(run).keys() <= by_step.keys():
            self._client.delete_run(run.id)
            del self._children[trial.trial_id]

    def _write_files(self, run: _Run, trial: Trial) -> None:
        if not run.has_params:  # they are logged after the file: with them, it is there
            self._client.log_dict(run.id, dict(trial.config), "config.json")
        if trial.state == "failed" and trial.error and run.tags.get("state") != "failed":
            self._client.log_text(run.id, trial.error, "error.txt")

    def _log(
        self,
        run: _Run,
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

    def _set_status(self, run: _Run, status: str, end: datetime | None) -> None:
        if run.status == status:
            return
        if status in rows.OPEN:
            self._client.update_run(run.id, status=status)
        else:
            self._client.set_terminated(run.id, status, end and rows.milliseconds(end))
        run.status = status

    def _child(self, sweep: Sweep, trial: Trial) -> _Run:
        run = self._children.get(trial.trial_id)
        if run is None:
            tags = rows.identity_tags(sweep, trial) | {
                "mlflow.parentRunId": self._parent_of(sweep).id
            }
            run = self._create(short_name(trial), tags, trial.started)
            self._children[trial.trial_id] = run
        return run

    def _parent_of(self, sweep: Sweep) -> _Run:
        if self._parent is None:
            tags = rows.identity_tags(sweep) | {"mlflow.note.content": sweep.question}
            self._parent = self._create(sweep.name, tags, sweep.created)
        return self._parent

    def _create(self, name: str, tags: dict[str, str], start: datetime | None) -> _Run:
        began = start and rows.milliseconds(start)
        info = self._client.create_run(self._experiment, began, tags, name).info
        return _Run(info.run_id, info.status, tags, {}, has_params=False, logged={})

    def _search(self, sweep: Sweep) -> Iterator[_Run]:
        # The name alone would mix two people's sweeps on a shared server.
        wanted = rows.identity_tags(sweep)
        text = f"tags.`{rows.CREATED_TAG}` = '{wanted[rows.CREATED_TAG]}'"
        token = None
        while True:
            page = self._client.search_runs([self._experiment], text, page_token=token)
            for run in page:
                tags, data = dict(run.data.tags), run.data
                if tags.get(rows.SWEEP_TAG) == sweep.name:
                    metrics, has_params = dict(data.metrics), bool(data.params)
                    yield _Run(run.info.run_id, run.info.status, tags, metrics, has_params)
            token = page.token
            if not token:
                return

    def _find_experiment(self, name: str, artifacts: Path | None) -> str:
        found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        place = None if artifacts is None else artifacts.resolve().as_uri()
        return str(self._client.create_experiment(name, artifact_location=place))
