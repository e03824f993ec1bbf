"""Series in a Parquet table: a row is one position of one sequence.

The column ``sequence`` names the sequence of a row, ``label`` its class, ``target`` a number to
predict, and ``part`` is ``train`` or ``test``. All but the first may be missing. Every other column
is a channel. The rows of a sequence are in the order of time, and stand together.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from focus_core.data.series import UNLABELLED, Labelled
from focus_core.errors import UserError, require
from sweeps.commands.command_line import shown
from sweeps.planning.own_data.arrays import Read
from sweeps.planning.own_data.files import MOST_BYTES, File
from sweeps.planning.own_data.sequences import Array, class_name, labelled

OWN = ("sequence", "label", "part", "target")
TRAIN, TEST = "train", "test"


def read_parquet(file: File) -> Read:
    """The sequences of a table.

    Raises:
        UserError: the file is no such table.
    """
    table = _table(file)
    names = [name for name in table.column_names if name not in OWN]
    index = [name for name in _index(table) if name in names]
    require(
        not index,
        f"{shown(file.name)}: the column {shown(index[0] if index else '')} is the index of a "
        "DataFrame, which would be a channel: write the table with index=False",
    )
    require(
        "sequence" in table.column_names and bool(names),
        f"{shown(file.name)} has the columns {', '.join(map(shown, table.column_names))}: it "
        "needs sequence and one column of numbers for each channel, label where there are classes",
    )
    values_PC = np.stack([_numbers(table[name], name, file.name) for name in names], axis=1)
    sequences, labels, parts = (
        table[name].to_pylist() if name in table.column_names else [usual] * table.num_rows
        for name, usual in zip(OWN, (None, UNLABELLED, TRAIN), strict=False)
    )
    for name, each in (("sequence", sequences), ("label", labels), ("part", parts)):
        nested = any(isinstance(value, list | dict) for value in each)
        require(not nested, f"{shown(file.name)}: the column {name} holds lists: use plain values")
    targets = (
        _numbers(table["target"], "target", file.name) if OWN[3] in table.column_names else None
    )
    starts = [0] + [n for n in range(1, len(labels)) if sequences[n] != sequences[n - 1]]
    require(
        len(starts) == len(set(sequences)),
        f"{shown(file.name)}: the rows of a sequence must stand together: sort it by sequence",
    )
    found: dict[str, list[Labelled]] = {TRAIN: [], TEST: []}
    for start, end in zip(starts, [*starts[1:], len(labels)], strict=True):
        where = f"{shown(file.name)}, sequence {shown(str(sequences[start]))}"
        label = class_name(_one(labels[start:end], "labels", where), where)
        part = str(_one(parts[start:end], "parts", where))
        require(part in found, f"{where} has the part {shown(part)}: use train or test")
        wanted = [] if targets is None else np.unique(targets[start:end]).tolist()
        require(len(wanted) <= 1, f"{where} has several targets: give all its rows the same")
        found[part].append(labelled(values_PC[start:end], label, where, wanted))
    return len(names), found[TRAIN], found[TEST]


def _table(file: File) -> Any:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        opened = parquet.ParquetFile(io.BytesIO(file.content))
        groups = range(opened.metadata.num_row_groups)
        size = sum(opened.metadata.row_group(n).total_byte_size for n in groups)
        require(
            size <= MOST_BYTES,
            f"{shown(file.name)} holds {size} bytes: at most {MOST_BYTES} are read",
        )
        table = opened.read()
    except (pa.ArrowException, OSError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{shown(file.name)} is no Parquet file: {said}") from None
    require(table.num_rows > 0, f"{shown(file.name)} has no rows")
    return table


def _index(table: Any) -> list[str]:
    """The columns that pandas wrote for the index of a DataFrame."""
    about = table.schema.pandas_metadata or {}
    return [name for name in about.get("index_columns", []) if isinstance(name, str)]


def _numbers(column: Any, name: str, file: str) -> Array:
    import pyarrow as pa

    kind = column.type
    require(
        pa.types.is_integer(kind) or pa.types.is_floating(kind),
        f"{shown(file)}: the column {shown(name)} is {kind}: channels are numbers",
    )
    return np.asarray(column.cast(pa.float64()).fill_null(np.nan).to_numpy())


def _one(values: list[Any], what: str, where: str) -> Any:
    require(
        len(set(values)) == 1 and values[0] is not None,
        f"{where} has several {what} or none: give all its rows the same",
    )
    return values[0]
