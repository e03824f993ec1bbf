"""Write a report into the ledger: the most frequent write of a sweep.

This module uses plain statements, compiled once: mapped objects take three times as long.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from sweeps.record.derived_rows import mean_over_seeds, merge_reports, update_replicates
from sweeps.record.schema import Base, Replicate, Report, Trial, now

TRIALS: Table = Base.metadata.tables[Trial.__tablename__]
REPLICATES: Table = Base.metadata.tables[Replicate.__tablename__]
REPORTS: Table = Base.metadata.tables[Report.__tablename__]

_READ_TRIAL = select(TRIALS).where(TRIALS.c.id == bindparam("row"))
_READ_REPLICATES = (
    select(REPLICATES).where(REPLICATES.c.trial_row == bindparam("row")).order_by(REPLICATES.c.seed)
)
_READ_REPORT = select(REPORTS).where(
    REPORTS.c.trial_row == bindparam("row"), REPORTS.c.step == bindparam("at_step")
)
_ADD_REPORT = insert(REPORTS)
_SAID = ("value", "metrics", "at")
_CHANGE_REPORT = (
    update(REPORTS)
    .where(REPORTS.c.id == bindparam("row"))
    .values({name: bindparam(name) for name in _SAID})
)
_CHANGE_TRIAL = (
    update(TRIALS)
    .where(TRIALS.c.id == bindparam("row"))
    .values({name: bindparam(name) for name in ("step", "value", "seconds")})
)
_FOUND = ("state", "step", "value", "test")
_CHANGE_REPLICATE = (
    update(REPLICATES)
    .where(REPLICATES.c.id == bindparam("row"))
    .values({name: bindparam(name) for name in _FOUND})
)


def record(
    connection: Connection, trial_row: int, metrics: Mapping[str, float], seeds: Sequence[int]
) -> tuple[Trial, Report]:
    """Write one report and update its replicates and trial; returns the trial and the report.

    Args:
        connection: a connection in the transaction of all these writes.
        trial_row: ``Trial.id``.
        metrics: the metrics as a worker reports them, with ``step``.
        seeds: the seeds that the trial is trained with.

    Raises:
        NoResultFound: there is no such trial.
    """
    row = _read(connection, trial_row)
    report = _report_at(connection, trial_row, int(metrics["step"]))
    own = {k: v for k, v in metrics.items() if k not in ("step", "value", "seconds")}
    report.metrics = merge_reports(report.metrics, own, seeds)
    report.value = mean_over_seeds("value", report.metrics, seeds)
    report.at = now()
    row.step = report.step
    row.value = report.value
    row.seconds += metrics.get("seconds", 0.0)
    before = [_columns(replicate, _FOUND) for replicate in row.replicates]
    update_replicates(row, report, metrics)
    _write_report(connection, report)
    connection.execute(_CHANGE_TRIAL, _columns(row, ("step", "value", "seconds")))
    after = [_columns(replicate, _FOUND) for replicate in row.replicates]
    changed = [new for new, old in zip(after, before, strict=True) if new != old]
    if changed:
        connection.execute(_CHANGE_REPLICATE, changed)
    return row, report


def _read(connection: Connection, trial_row: int) -> Trial:
    row = Trial(**connection.execute(_READ_TRIAL, {"row": trial_row}).mappings().one())
    found = connection.execute(_READ_REPLICATES, {"row": trial_row}).mappings()
    row.replicates = [Replicate(**columns) for columns in found]
    return row


def _report_at(connection: Connection, trial_row: int, step: int) -> Report:
    """The trial's report of ``step`` if there is one (repeated work), otherwise a new report."""
    wanted = {"row": trial_row, "at_step": step}
    found = connection.execute(_READ_REPORT, wanted).mappings().first()
    return Report(**(found or {"trial_row": trial_row, "step": step, "metrics": {}}))


def _write_report(connection: Connection, report: Report) -> None:
    if report.id is not None:
        connection.execute(_CHANGE_REPORT, _columns(report, _SAID))
        return
    columns = {name: getattr(report, name) for name in ("trial_row", "step", *_SAID)}
    (report.id,) = connection.execute(_ADD_REPORT, columns).inserted_primary_key or ()


def _columns(row: Trial | Replicate | Report, names: tuple[str, ...]) -> dict[str, Any]:
    return {"row": row.id, **{name: getattr(row, name) for name in names}}
