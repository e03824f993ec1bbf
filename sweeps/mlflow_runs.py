"""One sweep's runs in MLflow: found again by tag, and made to agree with their ledger rows.

Everything here may be done twice, or after a crash half-way: what MLflow already has is skipped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sweeps import mlflow_rows as rows
from sweeps.progress import ENDED, short_name
from sweeps.schema import Report, Sweep, Trial


@dataclass
class _Run:
    """What MLflow is known to hold of one run."""

    id: str
    status: str
    tags: dict[str, str]
    metrics: dict[str, float]
    has_params: bool
    steps: set[int] | None = None  # None: not asked yet


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
        self, sweep: Sweep, trial: Trial, reports: Sequence[Report], total: int | None = None
    ) -> int:
        """Make one trial's run agree with its row.

        Args:
            sweep: its sweep.
            trial: the row.
            reports: all its reports, or those since the last call; known steps are skipped.
            total: how many reports the ledger has, where known: a run that agrees with it is
                left alone without being asked for its history.

        Returns:
            how many reports were logged.
        """
        if not self._is_behind(trial, reports, total):
            return 0
        run = self._child(sweep, trial)
        if run.steps is None:
            history = self._client.get_metric_history(run.id, rows.STEP)
            run.steps = {metric.step for metric in history}
        fresh = [report for report in reports if report.step not in run.steps]
        steps = run.steps | {report.step for report in fresh}
        self._write_files(run, trial)
        self._log(
            run,
            params=trial.config,
            points=rows.report_metrics(fresh) + rows.final_metrics(trial),
            tags=rows.trial_tags(sweep, trial) | {rows.POINTS_TAG: str(len(steps))},
        )
        run.steps = steps
        self._set_status(run, rows.STATUS[trial.state], trial.finished)
        return len(fresh)

    def mirror_sweep(self, sweep: Sweep, trials: Sequence[Trial], state: str) -> None:
        """Make the parent run agree: counts, the best trial, and ``state`` (as a trial's)."""
        parent = self._parent_of(sweep)
        wanted = rows.sweep_metrics(sweep, trials)
        changed = {k: v for k, v in wanted.items() if parent.metrics.get(k) != v}
        ended = sum(trial.state in ENDED for trial in trials)
        at = int(time.time() * 1000)
        self._log(
            parent,
            params=rows.sweep_params(sweep),
            points=[(key, value, at, ended) for key, value in changed.items()],
            tags=rows.sweep_tags(sweep, trials, state),
        )
        parent.metrics |= changed
        self._set_status(parent, rows.STATUS[state], sweep.finished)

    def kill_open(self) -> None:
        """Close as killed whatever still looks alive."""
        for run in [*self._children.values(), *([self._parent] if self._parent else [])]:
            if run.status in rows.OPEN:
                self._log(run, params={}, points=[], tags={"state": "killed"})
                self._set_status(run, "KILLED", None)

    def _is_behind(self, trial: Trial, reports: Sequence[Report], total: int | None) -> bool:
        run = self._children.get(trial.trial_id)
        if run is None:
            return trial.state != "waiting" or bool(reports)
        if run.steps is None:
            points_differ = total is None or run.tags.get(rows.POINTS_TAG) != str(total)
        else:
            points_differ = any(report.step not in run.steps for report in reports)
        state = (run.tags.get("state"), run.status)
        return points_differ or state != (trial.state, rows.STATUS[trial.state])

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
        return _Run(info.run_id, info.status, tags, {}, has_params=False, steps=set())

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
