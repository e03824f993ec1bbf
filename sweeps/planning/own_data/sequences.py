"""Labelled sequences out of arrays: what every format of series shares, and checks."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from focus_core.data.series import UNLABELLED, Labelled, pack
from focus_core.errors import UserError, require

MOST_CHANNELS = 10_000
WHOLE = re.compile(r"(-?(?:0|[1-9][0-9]{0,299}))\.0+")
Array = np.ndarray[Any, np.dtype[Any]]


def labelled(values: Array, label: str, where: str, targets: Sequence[float] = ()) -> Labelled:
    """A sequence.

    Args:
        values: (length, channels) numbers.
        label: the name of its class.
        where: the place of the sequence in its file, for messages.
        targets: its target values.

    Raises:
        UserError: a value is missing or no finite number, or there is no value.
    """
    require(
        all(map(math.isfinite, targets)),
        f"{where} has the target {', '.join(map(str, targets))}: give it a finite number",
    )
    require(len(values) > 0, f"{where} has no values: leave it out")
    with np.errstate(over="ignore"):
        numbers = np.asarray(values, dtype="<f4")
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        place, channel = map(int, wrong[0])
        found = values[place, channel]
        raise UserError(
            f"{where}, position {place + 1}, channel {channel + 1} is {found}: fill in every value "
            "with a finite number of 32 bits"
        )
    content = np.ascontiguousarray(numbers).tobytes()
    return Labelled(content, len(numbers), label, tuple(map(float, targets)))


def stack(
    name: str,
    values: Array,
    labels: Array | None = None,
    lengths: Array | None = None,
    targets: Array | None = None,
) -> list[Labelled]:
    """The sequences of an array of equal or padded sequences.

    Args:
        name: the array, for messages.
        values: (sequences, length) or (sequences, length, channels).
        labels: (sequences,), see ``class_name``; None: there are no classes.
        lengths: (sequences,), the positions of each that are its own; None: all of them.
        targets: (sequences,) or (sequences, targets), numbers; None: there are no targets.

    Raises:
        UserError: the shapes or the kinds of the arrays do not fit.
    """
    require(
        values.ndim in (2, 3) and values.dtype.kind in "fiu",
        f"{name} is {values.dtype} of shape {values.shape}: it must be numbers of shape "
        "(sequences, length) or (sequences, length, channels)",
    )
    whole = values if values.ndim == 3 else values[:, :, None]
    labels = np.full(len(whole), UNLABELLED) if labels is None else labels
    _check_along(labels, len(whole), f"the labels of {name}")
    require(
        labels.dtype.kind in "iufUSb",
        f"the labels of {name} are {labels.dtype}: classes are whole numbers or texts",
    )
    own = np.full(len(whole), whole.shape[1]) if lengths is None else lengths
    _check_along(own, len(whole), f"the lengths of {name}")
    require(
        own.dtype.kind in "iu" and bool(np.all((own > 0) & (own <= whole.shape[1]))),
        f"the lengths of {name} must be whole numbers from 1 to {whole.shape[1]}",
    )
    wanted = _targets(targets, len(whole), name)
    return [
        labelled(
            whole[row][: own[row]],
            class_name(label, where := f"{name}, sequence {row + 1}"),
            where,
            wanted[row].tolist(),
        )
        for row, label in enumerate(labels.tolist())
    ]


def _targets(targets: Array | None, count: int, name: str) -> Array:
    """The targets, (sequences, targets)."""
    if targets is None:
        return np.empty((count, 0))
    require(
        targets.dtype.kind in "fiu" and targets.ndim in (1, 2) and len(targets) == count,
        f"the targets of {name} are {targets.dtype} of shape {targets.shape}: they must be numbers "
        f"of shape ({count},) or ({count}, targets)",
    )
    return targets.reshape(count, -1)


def class_name(label: Any, where: str) -> str:
    """The name of a class, which is the same in every format: 1, 1.0 and "1.0" are the class 1.

    Spaces around a text do not count.

    Args:
        label: what a file has.
        where: the place of the sequence in its file, for messages.

    Raises:
        UserError: the label is a number with a fraction, or no text in UTF-8.
    """
    if isinstance(label, float | Decimal):
        require(
            math.isfinite(label) and label == int(label),
            f"{where} has the class {label}: classes are whole numbers or texts; real numbers to "
            "predict are called targets",
        )
        return str(int(label))
    try:
        text = (label.decode() if isinstance(label, bytes) else str(label)).strip()
    except UnicodeDecodeError:
        raise UserError(f"{where} has the class {label!r}, which is no text in UTF-8") from None
    whole = WHOLE.fullmatch(text)
    return str(int(whole[1])) if whole else text


def packed(channels: int, train: Sequence[Labelled], test: Sequence[Labelled] = ()) -> bytes:
    """The block of these sequences.

    Raises:
        UserError: there are no sequences to train on, or too many channels.
    """
    require(bool(train), "there are no sequences to train on")
    counts = {len(each.targets) for each in (*train, *test)}
    require(
        len(counts) == 1,
        f"some sequences have {min(counts)} targets and some {max(counts)}: give all the same",
    )
    require(
        1 <= channels <= MOST_CHANNELS,
        f"there are {channels} channels: from 1 to {MOST_CHANNELS} can be read",
    )
    return pack(channels, train, test)


def check_same_channels(first: int, other: int, where: str) -> None:
    """Require as many channels as in the first sequence."""
    require(
        first == other,
        f"{where} has {other} channels, the first sequence has {first}: give all the same",
    )


def _check_along(found: Array, count: int, name: str) -> None:
    require(
        found.shape == (count,),
        f"{name} have shape {found.shape}: one for each of the {count} sequences is needed",
    )
