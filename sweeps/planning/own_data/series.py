"""A person's series, from a file of any of the formats that are read, as one block of bytes."""

from __future__ import annotations

import re
from pathlib import Path

from focus_core.errors import UserError
from sweeps.commands.command_line import shown
from sweeps.planning.own_data.files import PACKED, File, read
from sweeps.planning.own_data.sequences import check_same_channels, packed
from sweeps.planning.own_data.ts import read_ts

FORMATS = ".npz, .npy, .parquet, .ts or .ts.xz"
OF_AN_ARCHIVE = re.compile(r"(.*)_(TRAIN|TEST)(\.ts(?:\.xz)?)", re.DOTALL)


def read_series(path: Path) -> tuple[bytes, list[File]]:
    """The block of the series, and the files that were read.

    Raises:
        UserError: the file, or the one that belongs to it, cannot be used.
    """
    suffix = path.name.removesuffix(PACKED).rpartition(".")[2].lower()
    if suffix == "ts":
        return _archive(path)
    if suffix == "npy":
        from sweeps.planning.own_data.arrays import read_pair

        found, files = read_pair(path)
        return packed(*found), files
    file = read(path)
    if suffix == "npz":
        from sweeps.planning.own_data.arrays import read_npz

        return packed(*read_npz(file)), [file]
    if suffix == "parquet":
        from sweeps.planning.own_data.table import read_parquet

        return packed(*read_parquet(file)), [file]
    raise UserError(f"{shown(path.name)}: series are read from {FORMATS}")


def _archive(path: Path) -> tuple[bytes, list[File]]:
    """One ``.ts`` file, or the two of an archive: X_TRAIN.ts names X_TEST.ts beside it as well."""
    found = OF_AN_ARCHIVE.fullmatch(path.name)
    names = [f"{found[1]}_{part}{found[3]}" for part in ("TRAIN", "TEST")] if found else []
    there = [path.with_name(name) for name in names if path.with_name(name).is_file()] or [path]
    if found and len(there) < 2:
        lacking = next(name for name in names if not path.with_name(name).is_file())
        raise UserError(
            f"{shown(path.name)} is one of two files, and {shown(lacking)} is not beside it: put "
            "it there, or rename this one without _TRAIN or _TEST"
        )
    files = [read(each) for each in there]
    parts = [read_ts(file) for file in files]
    channels = parts[0][0]
    check_same_channels(channels, parts[-1][0], shown(files[-1].name))
    return packed(channels, *(sequences for _, sequences in parts)), files
