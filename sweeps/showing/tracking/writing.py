"""Write to one run with as few calls as MLflow allows, and only what the run lacks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sweeps.record.schema import Trial
from sweeps.showing.tracking import run_fields
from sweeps.showing.tracking.finding import Run
from sweeps.showing.tracking.points import Point, batches, milliseconds

CONTEXT = "mlflow.data.context"  # MLflow's own


class Writer:
    """Makes a run and writes to it.

    Args:
        client: an ``MlflowClient``.

    Raises:
        Exception: whatever MLflow raises when it cannot write, in every method.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def create(
        self, experiment: str, name: str, tags: dict[str, str], start: datetime | None
    ) -> Run:
        """Make a new, open run."""
        began = start and milliseconds(start)
        info = self._client.create_run(experiment, began, tags, name).info
        return Run(info.run_id, experiment, info.status, tags, logged={})

    def write_files(self, run: Run, trial: Trial) -> None:
        """Write the whole config and the data set once, and a failed trial's error."""
        if (
            run_fields.POINTS_TAG not in run.tags
        ):  # this tag is logged after the config and data set
            self._client.log_dict(run.id, dict(trial.config), "config.json")
            self._log_data(run, trial)
        if trial.state == "failed" and trial.error and run.tags.get("state") != "failed":
            self._client.log_text(run.id, trial.error, "error.txt")

    def log(
        self,
        run: Run,
        *,
        params: Mapping[str, Any],
        points: Sequence[Point],
        tags: Mapping[str, str],
    ) -> None:
        """Write in one call, or in several where MLflow takes fewer metrics a call; tags last."""
        from mlflow.entities import Metric, Param, RunTag

        new = (
            []
            if run.has_params
            else [Param(k, str(v)[: run_fields.MAX_TEXT]) for k, v in params.items()]
        )
        changed = {key: text for key, text in tags.items() if run.tags.get(key) != text}
        *first, last = batches(points)
        for batch in first:
            self._client.log_batch(run.id, [Metric(*point) for point in batch])
        if last or new or changed:
            metrics = [Metric(*point) for point in last]
            labels = [RunTag(key, text) for key, text in changed.items()]
            self._client.log_batch(run.id, metrics, new, labels)
        run.has_params = run.has_params or bool(new)
        run.tags |= changed

    def set_status(self, run: Run, status: str, end: datetime | None) -> None:
        """Set the run to open, or to ended at ``end``."""
        if run.status == status:
            return
        if status in run_fields.OPEN:
            self._client.update_run(run.id, status=status)
        else:
            self._client.set_terminated(run.id, status, end and milliseconds(end))
        run.status = status

    def _log_data(self, run: Run, trial: Trial) -> None:
        """Log what the trial is trained and judged on, for MLflow's own data set column."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        task = {k: v for k, v in trial.config.items() if k.startswith("task.")}
        text = json.dumps(task, sort_keys=True)
        found = Dataset(
            name=str(task.get("task.name", "task")),
            digest=hashlib.sha256(text.encode()).hexdigest()[:8],
            source_type="code",
            source=text,
            profile=text,
        )
        self._client.log_inputs(run.id, [DatasetInput(found, [InputTag(CONTEXT, "train")])])
