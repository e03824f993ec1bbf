"""The rows of one sweep, read as columns of the ledger's tables, some trials at a time.

JSON is read as text and parsed once. Reports are read by the index of trial and step, so nothing is
sorted. Only a few trials are in memory beside the tables that are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from analysis.reading.curves import CurvesBuilder, Report
from analysis.reading.tables import REPLICATE, TRIAL_COLUMNS, trial_row, trials_schema
from sweeps.record.schema import Base

TRIALS, REPLICATES, REPORTS = (
    Base.metadata.tables[name] for name in ("trials", "replicates", "reports")
)
AT_ONCE = 200
"""Trials that are read at once; their reports take a few megabytes."""
JSON = ("config", "point")


def read_tables(
    connection: sa.Connection, sweep: int, axes: Sequence[Mapping[str, Any]]
) -> tuple[pa.Table, pa.Table]:
    """The trials of the sweep in the order of asking, and their curves.

    Args:
        connection: a connection in the one transaction that reads everything.
        sweep: ``Sweep.id``.
        axes: the axes of the sweep.
    """
    schema, curves = trials_schema(axes), CurvesBuilder()
    batches = []
    for trials in _chunks(connection, sweep):
        rows = [trial["id"] for trial in trials]
        replicates, reports = _replicates(connection, rows), _reports(connection, rows)
        made = []
        for trial in trials:
            said = reports.get(trial["id"], [])
            constants = curves.add(trial["number"], trial["trial_id"], said)
            made.append(trial_row(trial, replicates.get(trial["id"], []), constants, axes))
        batches.append(pa.RecordBatch.from_pylist(made, schema))
    return pa.Table.from_batches(batches, schema).combine_chunks(), curves.table()


def _chunks(connection: sa.Connection, sweep: int) -> Iterator[list[dict[str, Any]]]:
    columns = [_column(TRIALS.c[name]) for name in ("id", *TRIAL_COLUMNS)]
    query = sa.select(*columns).where(TRIALS.c.sweep_id == sweep)
    last = -1
    while True:  # one query per chunk, so that no cursor stays open
        found = query.where(TRIALS.c.number > last).order_by(TRIALS.c.number).limit(AT_ONCE)
        trials = [dict(row) for row in connection.execute(found).mappings()]
        if not trials:
            return
        last = trials[-1]["number"]
        yield trials


def _column(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    is_json = column.key in JSON
    return sa.cast(column, sa.Text).label(column.key) if is_json else column


def _replicates(connection: sa.Connection, rows: list[int]) -> dict[int, list[dict[str, Any]]]:
    names = REPLICATE.names
    query = (
        sa.select(REPLICATES.c.trial_row, *(REPLICATES.c[name] for name in names))
        .where(REPLICATES.c.trial_row.in_(rows))
        .order_by(REPLICATES.c.trial_row, REPLICATES.c.seed)
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row, *values in connection.execute(query):
        found.setdefault(row, []).append(dict(zip(names, values, strict=True)))
    return found


def _reports(connection: sa.Connection, rows: list[int]) -> dict[int, list[Report]]:
    said = sa.cast(REPORTS.c.metrics, sa.Text)
    query = (
        sa.select(REPORTS.c.trial_row, REPORTS.c.step, said)
        .where(REPORTS.c.trial_row.in_(rows))
        .order_by(REPORTS.c.trial_row, REPORTS.c.step)
    )
    by_trial = groupby(connection.execute(query), key=lambda found: found[0])
    return {row: [Report(step, text) for _, step, text in found] for row, found in by_trial}
