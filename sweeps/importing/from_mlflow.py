"""Read an MLflow experiment from a tracking server, its database, or a folder of runs."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from focus_core.config import Scalar
from focus_core.errors import UserError
from sweeps.commands.reasons import first_line
from sweeps.commands.redact import hide_secrets
from sweeps.commands.sqlite_address import sqlite_file, sqlite_url
from sweeps.importing.found import (
    SEED,
    Asked,
    Found,
    Run,
    existing,
    only,
    scalar,
    the_direction,
    the_metric,
)
from sweeps.planning.destinations import check_schema, check_tracking
from sweeps.record.database_file import tables
from sweeps.record.schema import State
from sweeps.showing.tracking.clients import quiet_client

AT_ONCE = 1000
PARENT = "mlflow.parentRunId"
STATES: dict[str, State] = {
    "FINISHED": "complete",
    "FAILED": "failed",
    "KILLED": "killed",
    "RUNNING": "running",
    "SCHEDULED": "waiting",
}
REASONS = {"failed": "failed in MLflow", "killed": "killed in MLflow"}
WORDS: dict[str, Scalar] = {"true": True, "false": False, "none": None, "null": None}
WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
FOLDER = "file://"


def read(asked: Asked) -> Found:
    """The experiment's runs that were not deleted.

    A parent run without a score of its own is left out.

    Raises:
        UserError: MLflow does not answer or has no such experiment, or the experiment has several
            scores and none was chosen, or no direction was given.
    """
    where = hide_secrets(asked.source)
    uri = _address(asked.source)
    try:
        client = _client(uri)
        experiments = {e.name: e.experiment_id for e in client.search_experiments()}
        filled = [n for n, number in experiments.items() if asked.of or _has_runs(client, number)]
        name = only(asked.of, filled, "experiment with runs", where)
        runs = list(_runs(client, experiments[name]))
        metric = the_metric(asked.metric, (key for run in runs for key in run.data.metrics))
        if asked.test is not None:
            scores = [key for run in runs for key in run.data.metrics]
            existing(asked.test, scores, "score", "--test")
        parents = {run.data.tags.get(PARENT) for run in runs}
        own = [r for r in runs if metric in r.data.metrics or r.info.run_id not in parents]
        found = [_run(client, run, metric, asked) for run in own]
    except UserError:
        raise
    except Exception as error:  # noqa: BLE001  whatever MLflow raises when it does not answer
        raise UserError(f"cannot ask MLflow at {where}: {first_line(error)}") from None
    left_out = len(runs) - len(own)
    return Found(
        name=name,
        kind="the MLflow experiment",
        metric=metric,
        direction=the_direction(asked.direction, metric),
        runs=found,
        notes=[f"{left_out} parent runs without a score are left out"] * bool(left_out),
    )


def _address(source: str) -> str:
    """The tracking URI for a source; a path is a folder of runs, or a database.

    Nothing is made where nothing is.

    Raises:
        UserError: there is no such database, or it is not one of MLflow.
    """
    path = None if "://" in source and not source.startswith(FOLDER) else Path(
        source.removeprefix(FOLDER)
    ).expanduser().absolute()  # fmt: skip
    if path is not None and path.is_dir():
        return path.as_uri()
    uri = source if path is None else sqlite_url(path)
    database = sqlite_file(uri)
    if database is not None and not (database.is_file() and tables(database)):
        raise UserError(f"no runs of MLflow's at {database}: name its folder, database or address")
    check_tracking(uri, "the source")
    check_schema(uri, "the source")
    return uri


def _client(uri: str) -> Any:
    """A client for reading: unlike ``tracking.connect``, this changes nothing in the database."""
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    warnings.filterwarnings("ignore", "The filesystem (tracking|model)", FutureWarning)
    return quiet_client(uri)


def _has_runs(client: Any, experiment: str) -> bool:
    return bool(client.search_runs([experiment], max_results=1))


def _runs(client: Any, experiment: str) -> Iterator[Any]:
    token = None
    while True:
        page = client.search_runs(
            [experiment],
            max_results=AT_ONCE,
            order_by=["attributes.start_time ASC", "attributes.run_id ASC"],
            page_token=token,
        )
        yield from page
        token = page.token
        if not token:
            return


def _run(client: Any, run: Any, metric: str, asked: Asked) -> Run:
    data, info = run.data, run.info
    history = client.get_metric_history(info.run_id, metric) if metric in data.metrics else []
    history = sorted(history, key=lambda point: (point.step, point.timestamp))
    steps = {point.step for point in history}
    # A score that was logged once, or always at step 0, has no curve.
    curve = {point.step: point.value for point in history} if len(steps) > 1 else {}
    state = STATES.get(info.status, "failed")
    parameters = {key: _read(word) for key, word in data.params.items()}
    seed = asked.seed or SEED
    if seed not in parameters and seed in data.tags:
        parameters[seed] = _read(data.tags[seed])
    started, finished = _time(info.start_time), _time(info.end_time)
    return Run(
        name=f"run {info.run_id}",
        parameters=parameters,
        state=state,
        reason=REASONS.get(state),
        value=history[-1].value if history else None,
        test=data.metrics.get(asked.test) if asked.test else None,
        curve=curve,
        step=max(curve, default=None),
        started=started,
        finished=finished,
        seconds=(finished - started).total_seconds() if started and finished else 0.0,
    )


def _read(word: str) -> Scalar:
    """Read a parameter's value from its text: MLflow keeps numbers, booleans and None as text."""
    if WHOLE.fullmatch(word):
        return int(word)
    if DECIMAL.fullmatch(word):
        return scalar(float(word))
    return WORDS[word.lower()] if word.lower() in WORDS else scalar(word)


def _time(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, UTC)
