"""What the MLflow tracker would have written of a generated sweep, straight into its tables."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sweeps.evidence.ranking import Leaks
from sweeps.record.schema import Report, Sweep, Trial
from sweeps.showing.progress import best_trial
from sweeps.showing.tracking import connect
from sweeps.showing.tracking import run_fields as mlflow_rows
from sweeps.showing.tracking.points import final_points, milliseconds, report_points


def mirror(
    home: Path, sweep: Sweep, rows: list[dict[str, Any]], reports: list[dict[str, Any]]
) -> int:
    """The same in MLflow's tables, as the tracker writes them; returns how many points."""
    client, place = connect(f"sqlite:///{home / 'mlflow.db'}"), (home / "artifacts").as_uri()
    client.create_experiment("focus-sweeps/focus", artifact_location=place)
    said: dict[int, list[dict[str, Any]]] = {}
    for report in reports:
        said.setdefault(report["trial_row"], []).append(report)
    runs, tags, points = [("parent", "", "FINISHED")], [], {}
    identity = mlflow_rows.identity_tags(sweep) | mlflow_rows.run_tags(sweep)
    tags += [("parent", k, v) for k, v in (identity | {mlflow_rows.KIND_TAG: "sweep"}).items()]
    trials = [Trial(**columns, retries=0, reused_from=None) for columns in rows]
    leaks = Leaks()
    for report in reports:
        leaks.hear(report["trial_row"], report["step"], report["metrics"])
    best = best_trial(sweep, trials, leaks)
    for key, value in mlflow_rows.sweep_metrics(sweep, trials, best).items():
        points["parent", key, len(rows)] = (value, 0)
    for trial in trials:
        run = f"run{trial.number}"
        runs.append((run, f"#{trial.number}", mlflow_rows.STATUS[trial.state]))
        own = identity | mlflow_rows.identity_tags(sweep, trial) | {"mlflow.parentRunId": "parent"}
        own |= mlflow_rows.trial_tags(sweep, trial, (), before={})
        told = [Report(**report) for report in said[trial.id]]
        own |= mlflow_rows.logged_tags({report.step: milliseconds(report.at) for report in told})
        tags += [(run, key, text) for key, text in own.items()]
        for key, value, at, step in [
            *report_points(sweep, told),
            *final_points(sweep, trial),
        ]:
            points[run, key, step] = (value, at)
    latest = {(run, key): (value, at, step) for (run, key, step), (value, at) in points.items()}
    with sqlite3.connect(home / "mlflow.db") as database:
        database.executemany(
            "insert into runs (run_uuid, name, status, artifact_uri, lifecycle_stage,"
            " experiment_id, start_time, user_id, source_type)"
            " values (?, ?, ?, ?, 'active', 1, 0, '', 'LOCAL')",
            [(*run, f"{place}/{run[0]}/artifacts") for run in runs],
        )
        database.executemany("insert into tags (run_uuid, key, value) values (?, ?, ?)", tags)
        database.executemany(
            "insert into metrics (run_uuid, key, step, value, timestamp, is_nan)"
            " values (?, ?, ?, ?, ?, 0)",
            [(*where, *what) for where, what in points.items()],
        )
        database.executemany(
            "insert into latest_metrics (run_uuid, key, value, timestamp, step, is_nan)"
            " values (?, ?, ?, ?, ?, 0)",
            [(*where, *what) for where, what in latest.items()],
        )
    return len(points)
