"""Read one sweep's runs from MLflow through its client; a database in a file is not changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from focus_core.errors import UserError
from sweeps.auditing.mlflow_reader import RunRow
from sweeps.commands.reasons import first_line
from sweeps.commands.redact import hide_secrets
from sweeps.commands.sqlite_address import sqlite_file
from sweeps.record.schema import Sweep
from sweeps.showing.tracking.clients import connect_to_read
from sweeps.showing.tracking.finding import Run, all_experiments, tagged_runs
from sweeps.showing.tracking.moved_homes import is_elsewhere, place_of
from sweeps.showing.tracking.points import STEP, score_key
from sweeps.showing.tracking.run_fields import CREATED_TAG, SWEEP_TAG, identity_tags


def read_runs(uri: str, sweep: Sweep, artifacts: Path | None) -> list[RunRow]:
    """The active runs that have the sweep's name and time of creation.

    The curves are read from a file only: they need a call for each run, which a server would feel.

    Args:
        uri: MLflow's tracking URI.
        sweep: the sweep.
        artifacts: the home's folder for artifacts; None where a server decides.

    Raises:
        UserError: MLflow or its database cannot be read.
    """
    path = sqlite_file(uri)
    if path is not None and not (path.is_file() and path.stat().st_size):
        return []
    try:
        return _read(connect_to_read(uri), sweep, place_of(uri, artifacts), curves=path is not None)
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  whatever MLflow raises when it does not answer
        if path is not None:
            raise UserError(f"cannot read MLflow's database {path}: {first_line(error)}") from None
        raise UserError(
            f"cannot ask MLflow at {hide_secrets(uri)} ({first_line(error)}): start it, or name "
            "another with MLFLOW_TRACKING_URI"
        ) from None


def _read(client: Any, sweep: Sweep, place: str | None, *, curves: bool) -> list[RunRow]:
    folders = {e.experiment_id: e.artifact_location for e in all_experiments(client, deleted=False)}
    wanted = identity_tags(sweep)
    found = tagged_runs(client, list(folders), CREATED_TAG, wanted[CREATED_TAG], deleted=False)
    rows = []
    # A run that starts meanwhile moves the others on: a search in pages then finds one twice.
    for run in {run.id: run for run in found}.values():
        if run.tags.get(SWEEP_TAG) != wanted[SWEEP_TAG]:
            continue
        folder = folders[run.experiment]
        moved = folder if is_elsewhere(folder, place) else None
        row = RunRow(run.id, run.status, run.tags, run.metrics, run.points, elsewhere=moved)
        if curves and not row.is_parent:
            _add_curve(client, score_key(sweep), run, row)
        rows.append(row)
    return rows


def _add_curve(client: Any, score: str, run: Run, row: RunRow) -> None:
    """Read the run's curve. The number of points is then counted, and not what the writer says.

    Every report has a step, and most have a score: the steps need a call only where these differ.
    """
    curve = client.get_metric_history(run.id, score)
    row.values = [(point.step, point.value) for point in curve]
    steps = {point.step for point in curve}
    if len(steps) != run.points:
        steps = {point.step for point in client.get_metric_history(run.id, STEP)}
    row.points = len(steps)
