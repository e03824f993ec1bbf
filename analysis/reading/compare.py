"""Several sweeps as one table: the trials of each, with the sweep as one more axis."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.reading.curves import CURVES_SCHEMA
from analysis.reading.ledger import SweepData, load_sweep
from analysis.reading.tables import axis_value, trials_schema
from focus_core.errors import UserError
from sweeps.commands.command_line import shown
from sweeps.record.home import find_home
from sweeps.record.reading import reading

SWEEP = "sweep"
"""The axis that says to which sweep a trial belongs."""
TASK = "task."
SAME = ("metric", "direction")
"""Columns in which the sweeps must not differ."""

About = Mapping[str, Any]


def read_sweeps(home: Path, names: Sequence[str]) -> SweepData:
    """Several sweeps of the ledger, side by side, as they stood at one moment.

    Trials are numbered anew, sweep by sweep in the order of ``names``. The axes are those of all
    the sweeps, and ``sweep``. Where a trial's own sweep did not vary an axis, the trial has the
    value of its config. Seeds keep their numbers, so seeds that two sweeps share are paired.

    Returns:
        the union. Its ``about`` has the columns of every sweep under ``sweeps``, by name, and the
        columns that are equal in all sweeps. A column that differs is None, an empty word or an
        empty table. The base is the first sweep's: the others are compared with it.

    Raises:
        UserError: fewer than two names, a name given twice or unknown, or sweeps whose scores
            cannot be compared: another metric, direction or task.
    """
    if len(names) < 2:
        raise UserError("--compare needs two sweeps or more, such as --compare before after")
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise UserError(f"--compare names {shown(twice[0])} twice: name each sweep once")
    with reading(find_home(str(home))) as connection:
        found = [load_sweep(connection, name) for name in names]
    return united(found)


def united(found: Sequence[SweepData]) -> SweepData:
    """As ``read_sweeps``, for sweeps that were read before."""
    first, *others = [data.about for data in found]
    for other in others:
        _check_comparable(first, other)
    axes = [_sweep_axis(found), *_axes(found)]
    schema = trials_schema(axes)
    starts = np.cumsum([0, *(_span(data) for data in found[:-1])]).tolist()
    rows = [
        _row(row, data.about["name"], start, axes)
        for data, start in zip(found, starts, strict=True)
        for row in data.trials.to_pylist()
    ]
    curves = [_shifted(data.curves, start) for data, start in zip(found, starts, strict=True)]
    return SweepData(
        about=_about([data.about for data in found], axes),
        trials=pa.Table.from_pylist(rows, schema),
        curves=pa.concat_tables(curves).unify_dictionaries(),
    )


def own_sweep(about: About, point: Mapping[str, Any]) -> tuple[About, dict[str, Any]]:
    """The trial's own sweep, and the trial's point there, as a command for the trial needs them.

    Args:
        about: the row of a sweep, or of several sweeps that are compared.
        point: the point of the trial.
    """
    if "sweeps" not in about:
        return about, dict(point)
    own = about["sweeps"][point[SWEEP]]
    keys = {str(axis["key"]) for axis in own["axes"]}
    return own, {key: value for key, value in point.items() if key in keys}


def _check_comparable(one: About, other: About) -> None:
    names = f"--compare: {one['name']!r} and {other['name']!r}"
    for key in SAME:
        if one[key] != other[key]:
            raise UserError(
                f"{names} cannot be compared: {key} is {one[key]!r} and {other[key]!r}; name "
                "sweeps that were scored alike"
            )
    varied = {str(axis["key"]) for about in (one, other) for axis in about["axes"]}
    bases = [about["base"] for about in (one, other)]
    keys = {key for base in bases for key in base if key.startswith(TASK)} - varied
    for key in sorted(keys):
        values = [base.get(key) for base in bases]
        if values[0] != values[1]:
            raise UserError(
                f"{names} cannot be compared: {key} is {values[0]} and {values[1]}; name sweeps "
                "of one task"
            )


def _sweep_axis(found: Sequence[SweepData]) -> dict[str, Any]:
    names = [data.about["name"] for data in found]
    return {"key": SWEEP, "kind": "categorical", "choices": names}


def _axes(found: Sequence[SweepData]) -> list[dict[str, Any]]:
    """Every axis of any sweep, wide enough for the values of all trials of all sweeps."""
    axes: dict[str, list[dict[str, Any]]] = {}
    for data in found:
        for axis in data.about["axes"]:
            axes.setdefault(str(axis["key"]), []).append(axis)
    configs = [json.loads(text) for data in found for text in data.trials["config"].to_pylist()]
    return [
        _widened(same, [config[key] for config in configs if key in config])
        for key, same in axes.items()
        if key != SWEEP
    ]


def _widened(same: Sequence[Mapping[str, Any]], values: Sequence[Any]) -> dict[str, Any]:
    """One axis for several axes with the same key; tuned only if all of these are tuned."""
    kinds = {axis["kind"] for axis in same}
    about = {name: value for name, value in same[0].items() if name not in ("tuned", "step")}
    if all(axis.get("tuned") for axis in same):
        about["tuned"] = True
    if "categorical" in kinds:
        choices = [choice for axis in same for choice in axis.get("choices", ())]
        about = {name: about[name] for name in ("key", "tuned") if name in about}
        known = {(type(value), value): value for value in [*choices, *values]}
        return {**about, "kind": "categorical", "choices": list(known.values())}
    ends = [axis[end] for axis in same for end in ("low", "high")]
    numbers = [*ends, *(value for value in values if isinstance(value, int | float))]
    kind = "int" if kinds == {"int"} else "float"
    return {**about, "kind": kind, "low": min(numbers), "high": max(numbers)}


def _row(
    row: Mapping[str, Any], sweep: str, start: int, axes: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    config = json.loads(row["config"])
    trained = {axis["key"]: config[axis["key"]] for axis in axes if axis["key"] in config}
    point = {SWEEP: sweep, **trained, **json.loads(row["point"])}
    kept = {name: value for name, value in row.items() if not name.startswith("point.")}
    values = {f"point.{axis['key']}": axis_value(axis, point) for axis in axes}
    return {**kept, "number": start + row["number"], "point": json.dumps(point), **values}


def _span(data: SweepData) -> int:
    """The largest trial number of a sweep plus 1: the offset for the next sweep."""
    numbers = data.trials["number"].to_pylist()
    return max(numbers, default=-1) + 1


def _shifted(curves: pa.Table, start: int) -> pa.Table:
    numbers = pa.chunked_array(
        [pa.array(chunk.to_numpy() + np.int32(start)) for chunk in curves["number"].chunks],
        pa.int32(),
    )
    at = CURVES_SCHEMA.get_field_index("number")
    return curves.set_column(at, CURVES_SCHEMA.field(at), numbers)


def _about(sweeps: Sequence[About], axes: list[dict[str, Any]]) -> dict[str, Any]:
    empty: dict[type, Any] = {str: "", dict: {}, list: [], bool: False}
    shared = {
        name: value if all(s[name] == value for s in sweeps) else empty.get(type(value))
        for name, value in sweeps[0].items()
    }
    ended = [sweep["finished"] for sweep in sweeps]
    return shared | {
        "name": " and ".join(sweep["name"] for sweep in sweeps),
        "question": " / ".join(dict.fromkeys(sweep["question"] for sweep in sweeps)),
        "seeds": max(sweep["seeds"] for sweep in sweeps),
        "planned": sum(sweep["planned"] for sweep in sweeps),
        "created": min(sweep["created"] for sweep in sweeps),
        "finished": None if None in ended else max(ended),
        "axes": axes,
        "base": sweeps[0]["base"],
        "sweeps": {sweep["name"]: sweep for sweep in sweeps},
    }
