"""The ledger's rows as Arrow tables: the schema of ``trials.parquet`` and ``curves.parquet``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from sweeps.ranking import largest
from sweeps.schema import Trial

POINT = "point."
CONSTANTS = (
    "leak",
    "pole_radius_max",
    "pole_radius_median",
    "window_ceiling",
    "chance",
    "loss_floor",
    "theta_mean",
    "sliding",
    "future_masked",
    "future_seen",
    "prefix",
    "parameters",
    "seconds_per_step",
    "peak_bytes",
)
WORST = ("leak", "pole_radius_max", "peak_bytes")  # the largest over seeds and training counts

REPLICATE = pa.struct(
    [
        ("seed", pa.int32()),
        ("state", pa.string()),
        ("step", pa.int32()),
        ("value", pa.float64()),
        ("test", pa.float64()),
    ]
)
_TIME = pa.timestamp("us", tz="UTC")
_TRIAL_FIELDS = [
    pa.field("number", pa.int32(), nullable=False),
    pa.field("trial_id", pa.string(), nullable=False),
    pa.field("variant", pa.string()),
    pa.field("causal", pa.bool_(), nullable=False),
    pa.field("state", pa.string(), nullable=False),
    pa.field("reason", pa.string()),
    pa.field("error", pa.string()),
    pa.field("value", pa.float64()),
    pa.field("test", pa.float64()),
    pa.field("step", pa.int32(), nullable=False),
    pa.field("steps", pa.int32(), nullable=False),
    pa.field("retries", pa.int32(), nullable=False),
    pa.field("reused_from", pa.string()),
    pa.field("started", _TIME),
    pa.field("finished", _TIME),
    pa.field("seconds", pa.float64(), nullable=False),
    pa.field("config", pa.string(), nullable=False),  # JSON: its keys differ between trials
    pa.field("point", pa.string(), nullable=False),  # JSON: the axes' values as they are
    pa.field("replicates", pa.list_(REPLICATE), nullable=False),
    *(pa.field(name, pa.float64()) for name in CONSTANTS),
]
CURVES_SCHEMA = pa.schema(
    [
        pa.field("number", pa.int32(), nullable=False),
        pa.field("trial_id", pa.string(), nullable=False),
        pa.field("step", pa.int32(), nullable=False),
        pa.field("metric", pa.string(), nullable=False),
        pa.field("seed", pa.int32()),  # null: one number for the whole trial
        pa.field("amount", pa.float64(), nullable=False),
    ]
)


def trials_schema(axes: Sequence[Mapping[str, Any]]) -> pa.Schema:
    """The columns of a sweep's trials: the fixed ones, then ``point.<key>`` for each axis.

    A column has one type, so that a table can be sorted and drawn: words where choices are of
    several kinds, null where an axis is inactive or its value is none. ``point`` has the values as
    they are.
    """
    point = [pa.field(POINT + str(axis["key"]), _axis_type(axis)) for axis in axes]
    return pa.schema([*_TRIAL_FIELDS, *point])


def trials_table(trials: Sequence[Trial], axes: Sequence[Mapping[str, Any]]) -> pa.Table:
    """One row a trial, with its seeds nested and the constants of its reports beside it."""
    schema = trials_schema(axes)
    return pa.Table.from_pylist([_trial_row(trial, axes, schema) for trial in trials], schema)


def curves_table(trials: Sequence[Trial]) -> pa.Table:
    """One row a trial, step, metric and seed; a number that is not finite stays NaN or infinite."""
    rows = [
        {
            "number": trial.number,
            "trial_id": trial.trial_id,
            "step": report.step,
            "metric": metric,
            "seed": seed,
            "amount": float(amount),
        }
        for trial in trials
        for report in trial.reports
        for (metric, seed), amount in _by_seed(report.metrics).items()
    ]
    return pa.Table.from_pylist(rows, CURVES_SCHEMA)


def _trial_row(
    trial: Trial, axes: Sequence[Mapping[str, Any]], schema: pa.Schema
) -> dict[str, Any]:
    row = {name: getattr(trial, name) for name in schema.names if hasattr(trial, name)}
    row["config"] = json.dumps(trial.config, sort_keys=True)
    row["point"] = json.dumps(trial.point)
    row["replicates"] = [
        {field: getattr(replicate, field) for field in REPLICATE.names}
        for replicate in trial.replicates
    ]
    for report in trial.reports:  # in order of steps: the last one that says it counts
        row |= {name: report.metrics[name] for name in CONSTANTS if name in report.metrics}
    told = [report.metrics for report in trial.reports]
    row |= {name: worst for name in WORST if (worst := largest(name, told)) is not None}
    for axis in axes:
        column = POINT + str(axis["key"])
        value = trial.point.get(axis["key"])
        text = pa.types.is_string(schema.field(column).type)
        row[column] = str(value) if text and value is not None else value
    return row


def _axis_type(axis: Mapping[str, Any]) -> pa.DataType:
    choices = axis.get("choices") or []
    kinds = {type(choice) for choice in choices if choice is not None}
    if axis["kind"] == "int" or kinds == {int}:
        return pa.int64()
    if axis["kind"] == "float" or (kinds and kinds <= {int, float}):
        return pa.float64()
    return pa.bool_() if kinds == {bool} else pa.string()


def _by_seed(metrics: Mapping[str, Any]) -> dict[tuple[str, int | None], float]:
    found: dict[tuple[str, int | None], float] = {}
    for key, amount in metrics.items():
        metric, _, seed = key.rpartition("/")
        if amount is not None and key != "step":
            found[(metric, int(seed)) if seed.isdigit() and metric else (key, None)] = amount
    return found
