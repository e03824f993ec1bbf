"""A person's files, made here: .ts text, .npz, .npy and Parquet of a few labelled sequences."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from pyarrow import parquet

HEAD = "# made here\n@problemName Made\n@timeStamps false\n@classLabel true"


class Row(NamedTuple):
    """A sequence: rows of channels, and the name of its class."""

    rows: list[list[float]]
    label: str


def made(
    count: int, classes: Sequence[str] = ("a", "b"), *, channels: int = 2, seed: int = 0
) -> list[Row]:
    """``count`` sequences of each class, of 5 to 8 positions; the class moves their mean."""
    pick = random.Random(seed)
    found = []
    for number in range(count * len(classes)):
        kind = number % len(classes)
        length = 8 if number == 0 else pick.randint(5, 8)
        rows = [
            [round(pick.gauss(3 * kind + 10 * c, 1), 3) for c in range(channels)]
            for _ in range(length)
        ]
        found.append(Row(rows, classes[kind]))
    return found


def as_ts(sequences: Sequence[Row], classes: str = "a b", head: str = HEAD) -> bytes:
    """The text of a ``.ts`` file."""
    lines = []
    for rows, label in sequences:
        channels = [",".join(map(repr, channel)) for channel in zip(*rows, strict=True)]
        lines.append(":".join([*channels, label]))
    return "\n".join([f"{head} {classes}", "@data", *lines, ""]).encode()


def arrays(sequences: Sequence[Row]) -> dict[str, Any]:
    """The arrays x, y and lengths; the padding of x is no number."""
    longest = max(len(rows) for rows, _ in sequences)
    x = np.full((len(sequences), longest, len(sequences[0].rows[0])), np.nan)
    for place, (rows, _) in enumerate(sequences):
        x[place, : len(rows)] = rows
    lengths = [len(rows) for rows, _ in sequences]
    return {"x": x, "y": np.array([s.label for s in sequences]), "lengths": np.array(lengths)}


def as_npz(**found: Any) -> bytes:
    """The bytes of an ``.npz`` file."""
    file = io.BytesIO()
    np.savez(file, **found)
    return file.getvalue()


def as_npy(found: Any) -> bytes:
    """The bytes of an ``.npy`` file."""
    file = io.BytesIO()
    np.save(file, found)
    return file.getvalue()


def as_parquet(columns: dict[str, list[Any]]) -> bytes:
    """The bytes of a Parquet table."""
    file = io.BytesIO()
    parquet.write_table(pa.table(columns), file)
    return file.getvalue()


def columns(sequences: Sequence[Row], part: Sequence[str] = ()) -> dict[str, list[Any]]:
    """The columns of a table: a row is a position."""
    found: dict[str, list[Any]] = {"sequence": [], "label": [], "c0": [], "c1": []}
    if part:
        found["part"] = []
    for number, (rows, label) in enumerate(sequences):
        for first, second in rows:
            values = {"sequence": number, "label": label, "c0": first, "c1": second}
            values |= {"part": part[number]} if part else {}
            for name, value in values.items():
                found[name].append(value)
    return found


def has_files(folder: Path) -> None:
    sequences = made(50)
    (folder / "corpus.txt").write_text("A corpus of a few words, again and again.\n" * 2_000)
    (folder / "signals.npz").write_bytes(as_npz(**arrays(sequences)))
    targets = [float(len(rows)) for rows, _ in sequences]
    (folder / "rated.npz").write_bytes(as_npz(**arrays(sequences), targets=targets))
    for part in ("TRAIN", "TEST"):
        (folder / f"GunPoint_{part}.ts").write_bytes(as_ts(sequences))
