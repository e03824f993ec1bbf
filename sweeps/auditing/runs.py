"""Read one sweep's runs from MLflow: by SQL from a database file, by paged searches elsewhere."""

from __future__ import annotations

import sqlite3
from contextlib import closing

from focus_core.errors import UserError
from sweeps.auditing.mlflow_reader import RunRow, last_metrics
from sweeps.commands.reasons import first_line
from sweeps.commands.redact import hide_secrets
from sweeps.commands.sqlite_address import sqlite_file
from sweeps.machine.read_only import connect
from sweeps.record.schema import Sweep
from sweeps.showing.tracking import run_fields as mlflow_rows
from sweeps.showing.tracking.finding import all_experiments, find_runs
from sweeps.showing.tracking.points import STEP, score_key

TAGS = (
    "state",
    mlflow_rows.PARENT_TAG,
    mlflow_rows.KIND_TAG,
    mlflow_rows.TRIAL_TAG,
    mlflow_rows.SWEEP_TAG,
    mlflow_rows.CREATED_TAG,
    mlflow_rows.LAYOUT_TAG,
)
OF_SWEEP = """
    select runs.run_uuid from runs
    join tags as sweep on sweep.run_uuid = runs.run_uuid and sweep.key = ? and sweep.value = ?
    join tags as made on made.run_uuid = runs.run_uuid and made.key = ? and made.value = ?
    where runs.lifecycle_stage = 'active'
"""


def read_runs(uri: str, sweep: Sweep) -> list[RunRow]:
    """The active runs that have the sweep's name and time of creation.

    Raises:
        UserError: MLflow or its database cannot be read.
    """
    path = sqlite_file(uri)
    try:
        if path is None:
            return _ask(uri, sweep)
        if not path.is_file():
            return []
        with closing(connect(path)) as database:
            return _read(database, sweep)
    except sqlite3.Error as error:
        raise UserError(f"cannot read MLflow's database {path}: {error}") from None


def _read(database: sqlite3.Connection, sweep: Sweep) -> list[RunRow]:
    wanted = mlflow_rows.identity_tags(sweep)
    database.execute("begin")  # sees one moment, whatever others write meanwhile
    database.execute("create temp table mine (run_uuid primary key)")
    named = (mlflow_rows.SWEEP_TAG, mlflow_rows.CREATED_TAG)
    database.execute(
        f"insert into mine {OF_SWEEP}", [t for key in named for t in (key, wanted[key])]
    )
    runs = {
        run: RunRow(run, status, {})
        for run, status in database.execute(
            "select run_uuid, status from runs join mine using (run_uuid) order by start_time"
        )
    }
    for run, key, value in database.execute(_of_mine("tags", "value", len(TAGS)), TAGS):
        runs[run].tags[key] = value
    keys = last_metrics(sweep)
    last = database.execute(_of_mine("latest_metrics", "value", len(keys)), keys)
    for run, key, number in last:
        runs[run].last[key] = number
    return _add_points(database, score_key(sweep), runs)


def _add_points(database: sqlite3.Connection, score: str, runs: dict[str, RunRow]) -> list[RunRow]:
    steps: dict[str, set[int]] = {}
    curves: dict[str, list[tuple[int, float]]] = {}
    # The key comes first in the condition: the table's primary key begins with it.
    for run, key, step, value in database.execute(
        "select run_uuid, key, step, value from metrics "
        "where key in (?, ?) and run_uuid in (select run_uuid from mine)",
        (score, STEP),
    ):
        if key == STEP:
            steps.setdefault(run, set()).add(step)
        else:
            curves.setdefault(run, []).append((step, value))
    for row in runs.values():
        row.points = len(steps.get(row.id, ()))
        row.values = curves.get(row.id, [])
    return list(runs.values())


def _of_mine(table: str, column: str, keys: int) -> str:
    marks = ", ".join("?" * keys)
    return (
        f"select run_uuid, key, {column} from {table} join mine using (run_uuid) "
        f"where key in ({marks})"
    )


def _ask(uri: str, sweep: Sweep) -> list[RunRow]:
    from sweeps.showing.tracking import connect

    try:
        client = connect(uri)
        ids = [each.experiment_id for each in all_experiments(client, deleted=False)]
        found = find_runs(client, ids, sweep, deleted=False)
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  whatever MLflow raises when it does not answer
        raise UserError(
            f"cannot ask MLflow at {hide_secrets(uri)} ({first_line(error)}): start it, or name "
            "another with MLFLOW_TRACKING_URI"
        ) from None
    children = [run for runs in found.children.values() for run in runs]
    # The number of points is what the writer counted: the history would need one call per run.
    return [
        RunRow(run.id, run.status, run.tags, run.metrics, run.points)
        for run in [*found.parents, *children, *found.superseded]
    ]
