"""Read a CSV or Parquet file, whose columns the command names.

Without a column of steps, each row is one run. With a column of steps, each row is one report, and
the rows with equal parameters and seed are one run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from focus_core.config import Scalar
from focus_core.errors import UserError
from sweeps.commands.command_line import shown
from sweeps.commands.reasons import first_line
from sweeps.importing.found import (
    SEED,
    Asked,
    Found,
    Run,
    existing,
    listed,
    number,
    scalar,
    the_direction,
)
from sweeps.record.schema import State

WORDS: dict[State, tuple[str, ...]] = {
    "complete": ("complete", "completed", "finished", "done", "success", "succeeded", "terminated"),
    "pruned": ("pruned", "stopped", "early stopped", "early_stopped"),
    "failed": ("failed", "fail", "error", "crashed", "diverged"),
    "killed": ("killed", "interrupted", "cancelled", "canceled"),
    "running": ("running",),
    "waiting": ("waiting", "pending", "queued"),
}
"""The words for each state in a column of states; upper and lower case are the same."""
REASONS = {state: f"{state}, says the table" for state in ("pruned", "failed", "killed")}
NULLS = ["", "NA", "null", "None"]
"""Words for an empty cell; nan is a number."""
Row = Mapping[str, Any]


def read(asked: Asked) -> Found:
    """The table's runs.

    Raises:
        UserError: the table cannot be read, a column is missing or not named, a cell has no valid
            value for its column, or no direction was given.
    """
    path = Path(asked.source).expanduser()
    table = _table(path)
    names = table.column_names
    if asked.metric is None:
        raise UserError(f"which column is the score? choose one of {listed(names)} with --metric")
    if not asked.parameters:
        raise UserError(
            f"which columns are parameters? name them with --parameters, of {listed(names)}"
        )
    columns = {"--metric": asked.metric, "--test": asked.test, "--seed": asked.seed}
    columns |= {"--step": asked.step, "--state": asked.state}
    for flag, column in columns.items():
        if column is not None:
            existing(column, names, "column", flag)
    for column in asked.parameters:
        existing(column, names, "column", "--parameters")
    return Found(
        name=path.stem,
        kind="the table",
        metric=asked.metric,
        direction=the_direction(asked.direction, asked.metric),
        runs=[_run(rows, asked) for rows in _groups(table, asked)],
    )


def _table(path: Path) -> pa.Table:
    from pyarrow import csv, parquet

    if not path.is_file():
        raise UserError(f"no file at {path}: name a .csv or .parquet file")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return parquet.read_table(path)
        options = csv.ConvertOptions(null_values=NULLS, strings_can_be_null=True)
        table = csv.read_csv(path, convert_options=options)
    except (pa.ArrowException, OSError, UnicodeError) as error:
        raise UserError(f"cannot read {path} as a table: {first_line(error)}") from None
    return table


def _groups(table: pa.Table, asked: Asked) -> list[list[Row]]:
    """The rows of each run. Each row has its number in the table under ``""``: the first is 1."""
    rows = [row | {"": at} for at, row in enumerate(table.to_pylist(), 1)]
    if asked.step is None:
        return [[row] for row in rows]
    groups: dict[str, list[Row]] = {}
    for row in rows:
        key = json.dumps(_parameters(row, asked), sort_keys=True)
        groups.setdefault(key, []).append(row)
    for found in groups.values():
        found.sort(key=lambda row: _step(row, asked))
        for one, other in pairwise(found):
            if _step(one, asked) == _step(other, asked):
                raise UserError(
                    f"rows {one['']} and {other['']} are the same run at the same "
                    f"{shown(str(asked.step))}: name the column that tells them apart with --seed "
                    "or --parameters"
                )
    return list(groups.values())


def _parameters(row: Row, asked: Asked) -> dict[str, Scalar]:
    seed = asked.seed or (SEED if SEED in row else None)
    names: Sequence[str] = [*(asked.parameters or ()), *([seed] if seed else [])]
    return {name: scalar(row[name]) for name in names}


def _run(rows: list[Row], asked: Asked) -> Run:
    last = rows[-1]
    state = _state(last, asked)
    curve = {}
    if asked.step is not None:
        scores = [(_step(row, asked), _score(row, asked.metric)) for row in rows]
        curve = {step: score for step, score in scores if score is not None}
    value = _score(last, asked.metric)
    return Run(
        name=f"row {last['']}",
        parameters=_parameters(last, asked),
        state=state,
        reason=REASONS.get(state),
        value=value,
        test=_score(last, asked.test) if asked.test else None,
        curve=curve,
        step=None if asked.step is None else _step(last, asked),
    )


def _score(row: Row, column: str | None) -> float | None:
    value = row[str(column)]
    if value is not None and number(value) is None:
        raise UserError(f"row {row['']}: {column} is {shown(str(value))}, not a number")
    return number(value)


def _step(row: Row, asked: Asked) -> int:
    value = row[str(asked.step)]
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise UserError(f"row {row['']}: {asked.step} is {shown(str(value))}, not a step: 0, 1 ...")
    return value


def _state(row: Row, asked: Asked) -> State:
    word = "" if asked.state is None else str(row[asked.state] or "")
    if not word:
        return "complete"
    for state, words in WORDS.items():
        if word.strip().lower() in words:
            return state
    raise UserError(
        f"row {row['']}: {asked.state} is {shown(word)}; the states are {', '.join(WORDS)}"
    )
