"""Write what a worker says about a trial into the ledger: the frequent writes of a sweep.

This module uses plain statements, compiled once: mapped objects take three times as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from sweeps.record.attempts import Attempt
from sweeps.record.derived_rows import mean_over_seeds, merge_reports, update_replicates
from sweeps.record.schema import Base, Replicate, Report, Trial, now

TRIALS: Table = Base.metadata.tables[Trial.__tablename__]
REPLICATES: Table = Base.metadata.tables[Replicate.__tablename__]
REPORTS: Table = Base.metadata.tables[Report.__tablename__]
ADD_ATTEMPT = insert(Base.metadata.tables[Attempt.__tablename__])
_ADD_TRIAL = insert(TRIALS)

FINISHED = select(TRIALS.c.id).where(
    TRIALS.c.trial_id == bindparam("trial_id"),
    TRIALS.c.code == bindparam("code"),
    TRIALS.c.state == "complete",
    TRIALS.c.reused_from.is_(None),
)

CONSTANT = ("point", "config")
"""The large columns of a trial. They never change, so they are not read again."""
CHANGING = (
    *("state", "reason", "error", "note", "value", "test", "step", "seconds", "retries"),
    *("started", "finished"),
)
"""The columns of a trial that its training changes."""
FOUND = ("state", "step", "value", "test")
"""The columns of a replicate that its training changes."""
SAID = ("value", "metrics", "at")

_READ_TRIAL = select(*(c for c in TRIALS.c if c.name not in CONSTANT)).where(
    TRIALS.c.id == bindparam("row")
)
_READ_REPLICATES = (
    select(REPLICATES).where(REPLICATES.c.trial_row == bindparam("row")).order_by(REPLICATES.c.seed)
)
_READ_REPORTS = (
    select(REPORTS).where(REPORTS.c.trial_row == bindparam("row")).order_by(REPORTS.c.step)
)
_READ_REPORT = _READ_REPORTS.where(REPORTS.c.step == bindparam("at_step"))
_ADD_REPORT = insert(REPORTS)
_ADD_REPLICATES = insert(REPLICATES).returning(REPLICATES.c.id, sort_by_parameter_order=True)


def _change(table: Table, names: Sequence[str]) -> Any:
    changed = update(table).where(table.c.id == bindparam("row"))
    return changed.values({name: bindparam(name) for name in names})


_CHANGE_REPORT = _change(REPORTS, SAID)
_CHANGE_TRIAL = _change(TRIALS, CHANGING)
_CHANGE_REPLICATE = _change(REPLICATES, FOUND)


@contextmanager
def changing(connection: Connection, trial: Trial) -> Iterator[Trial]:
    """The newest row of ``trial``, with its replicates; at the end, its changes are written.

    Args:
        connection: a connection in a transaction.
        trial: the row as it was read before.

    Raises:
        NoResultFound: there is no such trial.
    """
    wanted = {"row": trial.id}
    columns = connection.execute(_READ_TRIAL, wanted).mappings().one()
    row = Trial(**columns, **{name: getattr(trial, name) for name in CONSTANT})
    found = connection.execute(_READ_REPLICATES, wanted).mappings()
    row.replicates = [Replicate(**columns) for columns in found]
    before = _columns(row, CHANGING)
    replicates = [_columns(replicate, FOUND) for replicate in row.replicates]
    yield row
    if (after := _columns(row, CHANGING)) != before:
        connection.execute(_CHANGE_TRIAL, after)
    _write_replicates(connection, row, replicates)


def add(connection: Connection, trial: Trial) -> None:
    """Write the row of a new trial, with its replicates."""
    columns = {c.name: getattr(trial, c.name) for c in TRIALS.c}
    given = {name: value for name, value in columns.items() if value is not None}
    result = connection.execute(_ADD_TRIAL, given)
    key, written = result.inserted_primary_key, result.last_inserted_params()
    assert key is not None
    assert isinstance(written, Mapping)
    for name, value in {**written, "id": key[0]}.items():  # with the columns' defaults
        setattr(trial, name, value)
    _write_replicates(connection, trial, [])


def _write_replicates(
    connection: Connection, row: Trial, before: Sequence[Mapping[str, Any]]
) -> None:
    new = [replicate for replicate in row.replicates if replicate.id is None]
    after = [_columns(r, FOUND) for r in row.replicates if r.id is not None]
    if changed := [now for now, then in zip(after, before, strict=True) if now != then]:
        connection.execute(_CHANGE_REPLICATE, changed)
    if new:
        columns = [
            {"trial_row": row.id, "seed": r.seed, "state": r.state, "step": r.step or 0}
            for r in new
        ]
        ids = connection.execute(_ADD_REPLICATES, columns).scalars()
        for replicate, number in zip(new, ids, strict=True):
            replicate.id, replicate.trial_row, replicate.step = number, row.id, replicate.step or 0


def reports_of(connection: Connection, trial: Trial) -> list[Report]:
    """The reports of ``trial`` in the order of steps, detached."""
    found = connection.execute(_READ_REPORTS, {"row": trial.id}).mappings()
    return [Report(**columns) for columns in found]


def record(
    connection: Connection, row: Trial, metrics: Mapping[str, float], seeds: Sequence[int]
) -> Report:
    """Write one report and update the ``row`` of its trial, which ``changing`` writes.

    Args:
        connection: a connection in the transaction of all these writes.
        row: what ``changing`` yields.
        metrics: the metrics as a worker reports them, with ``step``.
        seeds: the seeds that the trial is trained with.
    """
    report = _report_at(connection, row, int(metrics["step"]))
    own = {k: v for k, v in metrics.items() if k not in ("step", "value", "seconds")}
    report.metrics = merge_reports(report.metrics, own, seeds)
    report.value = mean_over_seeds("value", report.metrics, seeds)
    report.at = now()
    row.step = report.step
    row.value = report.value
    row.seconds += metrics.get("seconds", 0.0)
    update_replicates(row, report, metrics)
    _write_report(connection, report)
    return report


def _report_at(connection: Connection, row: Trial, step: int) -> Report:
    """The trial's report of ``step`` if there is one (repeated work), otherwise a new report."""
    found = connection.execute(_READ_REPORT, {"row": row.id, "at_step": step}).mappings().first()
    return Report(**(found or {"trial_row": row.id, "step": step, "metrics": {}}))


def _write_report(connection: Connection, report: Report) -> None:
    if report.id is not None:
        connection.execute(_CHANGE_REPORT, _columns(report, SAID))
        return
    columns = {name: getattr(report, name) for name in ("trial_row", "step", *SAID)}
    (report.id,) = connection.execute(_ADD_REPORT, columns).inserted_primary_key or ()


def _columns(row: Trial | Replicate | Report, names: Sequence[str]) -> dict[str, Any]:
    return {"row": row.id, **{name: getattr(row, name) for name in names}}
