"""The ``.ts`` files of the UCR and UEA archives.

Lines that begin with # are comments and lines that begin with @ describe the data. After ``@data``
each line is a sequence: the values of each channel, with commas between them, a colon between the
channels, and at last the class, or with ``@targetLabel true`` the target value. With
``@timeStamps true`` every value has its time. Comments and blank lines may stand anywhere.
"""

from __future__ import annotations

import numpy as np

from focus_core.data.series import UNLABELLED, Labelled
from focus_core.errors import UserError, require
from sweeps.commands.command_line import shown
from sweeps.planning.own_data.files import File
from sweeps.planning.own_data.sequences import (
    Array,
    check_same_channels,
    class_name,
    labelled,
)
from sweeps.planning.own_data.time_stamps import split_stamped, without_stamps

TRUE = "true"


def read_ts(file: File) -> tuple[int, list[Labelled]]:
    """The number of channels, and the sequences.

    Raises:
        UserError: the file is none of this format, or has values that cannot be used.
    """
    lines = _text(file).splitlines()
    about, first = _header(lines, file.name)
    classes = _classes(about, file.name)
    has_targets, has_times = (_is_true(about, key) for key in ("@targetlabel", "@timestamps"))
    sequences: list[Labelled] = []
    channels = 0
    for number, line in enumerate(lines[first:], start=first + 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"{shown(file.name)}, line {number}"
        has_last = bool(classes) or has_targets
        *parts, last = split_stamped(line) if has_times else line.split(":")
        if not has_last:
            parts, last = [*parts, last], UNLABELLED
        label = UNLABELLED if has_targets else class_name(last, where)
        targets = _numbers(last, where).tolist() if has_targets else []
        values_LC = _values(without_stamps(parts, where) if has_times else parts, where)
        require(
            not classes or label in classes,
            f"{where} has the class {shown(label)}, which @classLabel does not list",
        )
        channels = channels or values_LC.shape[1]
        check_same_channels(channels, values_LC.shape[1], where)
        sequences.append(labelled(values_LC, label, where, targets))
    return channels, sequences


def _text(file: File) -> str:
    try:
        return file.content.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{shown(file.name)}: byte {error.start} is no UTF-8") from None


def _header(lines: list[str], name: str) -> tuple[dict[str, list[str]], int]:
    """What the lines with @ say, by their first word, and the place of the first sequence."""
    about: dict[str, list[str]] = {}
    for number, line in enumerate(lines):
        words = line.split()
        if words and words[0].lower() == "@data":
            return about, number + 1
        if words and words[0].startswith("@"):
            about[words[0].lower()] = words[1:]
    raise UserError(f"{shown(name)} has no line @data: it is no .ts file of an archive")


def _classes(about: dict[str, list[str]], name: str) -> list[str]:
    """The classes that the file lists; none where its sequences have no class."""
    flag, *classes = about.get("@classlabel", ["false"]) or ["false"]
    has_any = flag.lower() == TRUE
    require(
        bool(classes) == has_any,
        f"{shown(name)}: @classLabel is followed by true and the classes, or by false alone",
    )
    return [class_name(each, name) for each in classes]


def _is_true(about: dict[str, list[str]], key: str) -> bool:
    return (about.get(key) or ["false"])[0].lower() == TRUE


def _values(parts: list[str], where: str) -> Array:
    """The values of one line, (length, channels)."""
    require(bool(parts), f"{where} has no class behind a colon")
    channels = [_numbers(part, f"{where}, channel {place}") for place, part in enumerate(parts, 1)]
    lengths = sorted({len(channel) for channel in channels})
    require(
        len(lengths) == 1,
        f"{where} has channels of {lengths[0]} and {lengths[-1]} values: give all the same length",
    )
    return np.stack(channels, axis=1)


def _numbers(part: str, where: str) -> Array:
    words = part.split(",") if part.strip() else []
    try:
        return np.array([np.nan if word.strip() == "?" else float(word) for word in words])
    except ValueError as error:
        raise UserError(f"{where}: {error}") from None
