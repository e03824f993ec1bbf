"""A sweep's trials as an Arrow table: the schema of ``trials.parquet``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from analysis.reading.curves import CONSTANTS

POINT = "point."
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
    pa.field("code", pa.string()),  # hash of the code that its training executed
    pa.field("point", pa.string(), nullable=False),  # JSON: the axes' values as they are
    pa.field("replicates", pa.list_(REPLICATE), nullable=False),
    *(pa.field(name, pa.float64()) for name in CONSTANTS),
]
TRIAL_COLUMNS = [
    field.name for field in _TRIAL_FIELDS if field.name not in ("replicates", *CONSTANTS)
]
"""The columns that the ledger has under the same name."""


def trials_schema(axes: Sequence[Mapping[str, Any]]) -> pa.Schema:
    """The columns of a sweep's trials: the fixed ones, then ``point.<key>`` for each axis.

    Each column has one type, so that a table can be sorted and drawn. Choices of several types
    become text. The value is null where an axis is inactive or its value is None. The column
    ``point`` has the original values.
    """
    point = [pa.field(POINT + str(axis["key"]), _axis_type(axis)) for axis in axes]
    return pa.schema([*_TRIAL_FIELDS, *point])


def trial_row(
    columns: Mapping[str, Any],
    replicates: Sequence[Mapping[str, Any]],
    constants: Mapping[str, Any],
    axes: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """One row of the table.

    Args:
        columns: columns of the trial's row in the ledger; ``config`` and ``point`` as JSON.
        replicates: the trial's seeds, in order, with the fields of ``REPLICATE``.
        constants: the metrics of the trial as a whole, from its reports.
        axes: the axes of the sweep.
    """
    point = json.loads(columns["point"])
    config = json.dumps(json.loads(columns["config"]), sort_keys=True)
    values = {POINT + str(axis["key"]): axis_value(axis, point) for axis in axes}
    own = {"config": config, "point": json.dumps(point), "replicates": list(replicates)}
    return {**columns, **own, **constants, **values}


def axis_value(axis: Mapping[str, Any], point: Mapping[str, Any]) -> Any:
    """A trial's value of an axis, in the type of the axis' column."""
    value = point.get(axis["key"])
    return str(value) if value is not None and pa.types.is_string(_axis_type(axis)) else value


def _axis_type(axis: Mapping[str, Any]) -> pa.DataType:
    choices = axis.get("choices") or []
    kinds = {type(choice) for choice in choices if choice is not None}
    if axis["kind"] == "int" or kinds == {int}:
        return pa.int64()
    if axis["kind"] == "float" or (kinds and kinds <= {int, float}):
        return pa.float64()
    return pa.bool_() if kinds == {bool} else pa.string()
