"""Series in numpy's files: one ``.npz``, or a pair of ``.npy``. Nothing is unpickled."""

from __future__ import annotations

import io
import tokenize
import zipfile
from pathlib import Path

import numpy as np

from focus_core.data.series import Labelled
from focus_core.errors import UserError, require
from sweeps.commands.command_line import shown
from sweeps.planning.own_data.files import MOST_BYTES, File, read
from sweeps.planning.own_data.sequences import Array, check_same_channels, stack

PARTS = ("x", "y", "lengths", "targets")
KNOWN = {*PARTS, *(f"{name}_test" for name in PARTS)}

Read = tuple[int, list[Labelled], list[Labelled]]
"""The number of channels, the sequences to train on, and those of a test part."""


def read_npz(file: File) -> Read:
    """The arrays x, y or targets, lengths where x is padded, and the same with ``_test``.

    Raises:
        UserError: the file is no ``.npz``, or an array is missing or does not fit.
    """
    found = _arrays(file)
    strange = sorted(found.keys() - KNOWN)
    require(
        not strange and "x" in found,
        f"{shown(file.name)} has the arrays {', '.join(map(shown, sorted(found)))}: x (numbers) "
        "and y (classes) or targets are read, lengths where x is padded, and the same with _test",
    )
    lone = [name for name in found if name.endswith("_test") and "x_test" not in found]
    require(not lone, f"{shown(file.name)} has {shown(lone[0] if lone else '')} without x_test")
    train, test = (
        stack(
            f"x{end}",
            found[f"x{end}"],
            found.get(f"y{end}"),
            found.get(f"lengths{end}"),
            found.get(f"targets{end}"),
        )
        if f"x{end}" in found
        else []
        for end in ("", "_test")
    )
    channels = _channels(found["x"])
    if test:
        check_same_channels(channels, _channels(found["x_test"]), "x_test")
    return channels, train, test


def read_pair(path: Path) -> tuple[Read, list[File]]:
    """The numbers of ``NAME.npy``, with classes or targets if such a file is beside it.

    Raises:
        UserError: a file cannot be read, or does not fit.
    """
    beside = [path.with_name(f"{path.stem}_{what}.npy") for what in ("labels", "targets")]
    files = [read(each) for each in (path, *beside) if each == path or each.is_file()]
    found = {file.name: _array(file.name, file.content) for file in files}
    values = found[path.name]
    labels, targets = (found.get(each.name) for each in beside)
    return (_channels(values), stack(path.name, values, labels, targets=targets), []), files


def _channels(values: Array) -> int:
    return int(values.shape[2]) if values.ndim == 3 else 1


def _arrays(file: File) -> dict[str, Array]:
    try:
        with zipfile.ZipFile(io.BytesIO(file.content)) as members:
            size = sum(member.file_size for member in members.infolist())
            require(
                size <= MOST_BYTES,
                f"{shown(file.name)} holds {size} bytes: at most {MOST_BYTES} are read",
            )
            return {
                name.removesuffix(".npy"): _array(f"{file.name}, {name}", members.read(name))
                for name in members.namelist()
            }
    except (zipfile.BadZipFile, NotImplementedError, EOFError, RuntimeError) as error:
        raise UserError(f"{shown(file.name)} is no .npz file: {error}") from None


def _array(name: str, content: bytes) -> Array:
    try:
        found = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError, tokenize.TokenError) as error:
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{shown(name)} is no array that can be read: {said}") from None
    array: Array = found
    return array
