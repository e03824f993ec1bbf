"""Labelled series of real numbers as one block of bytes: the writer and the reader. No torch here.

The first line is JSON: the number of channels, the names of the classes, and, for each part, the
length, the class and the target values of every sequence. The numbers follow as 32-bit floats,
little-endian: sequence after sequence, training before test, each position with all its channels.
The names of the files that the series came from are no part of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple

from focus_core.errors import require

FORMAT = "focus series 1"
NO_SERIES = "task.digest names data that are no series: give task.path"
FLOAT_BYTES = 4
UNLABELLED = ""
"""The class of every sequence where a file has no classes."""


class Part(NamedTuple):
    """The sequences of a training or a test part.

    Attributes:
        lengths: positions of each sequence.
        labels: the class of each sequence, as its place in ``SeriesHead.classes``.
        targets: the target values of each sequence; empty where they have none.
    """

    lengths: list[int]
    labels: list[int]
    targets: list[list[float]]


class SeriesHead(NamedTuple):
    """What is known of series before their numbers are read; ``test`` is empty where none came."""

    channels: int
    classes: list[str]
    train: Part
    test: Part

    def longest(self) -> int:
        """The most positions of a sequence."""
        return max(self.train.lengths + self.test.lengths)


class Labelled(NamedTuple):
    """A sequence with its class and its target values.

    Attributes:
        values: (length, channels) 32-bit floats, little-endian.
        length: the number of positions.
        label: the name of the class; ``UNLABELLED`` where there are no classes.
        targets: what a regression predicts; empty where there is nothing of the kind.
    """

    values: bytes
    length: int
    label: str = UNLABELLED
    targets: tuple[float, ...] = ()


def pack(channels: int, train: Sequence[Labelled], test: Sequence[Labelled] = ()) -> bytes:
    """The block of bytes of these sequences; ``unpack`` is the inverse."""
    classes = sorted({each.label for each in (*train, *test)})
    place = {name: number for number, name in enumerate(classes)}
    parts = {
        name: {
            "lengths": [each.length for each in part],
            "labels": [place[each.label] for each in part],
            "targets": [list(each.targets) for each in part if each.targets],
        }
        for name, part in (("train", train), ("test", test))
    }
    head = {"format": FORMAT, "channels": channels, "classes": classes, **parts}
    line = json.dumps(head, sort_keys=True, separators=(",", ":"))
    return line.encode() + b"\n" + b"".join(each.values for each in (*train, *test))


def unpack(content: bytes) -> tuple[SeriesHead, memoryview]:
    """The head, and the bytes of the numbers.

    Raises:
        UserError: the content is no block that ``pack`` made, such as the data of another task.
    """
    end = content.find(b"\n")
    try:
        said = json.loads(content[:end]) if content.startswith(b"{") else {}
    except ValueError:
        said = {}
    require(said.get("format") == FORMAT, NO_SERIES)
    train, test = (Part(*(said[name][key] for key in Part._fields)) for name in ("train", "test"))
    head = SeriesHead(said["channels"], said["classes"], train, test)
    numbers = memoryview(content)[end + 1 :]
    positions = sum(train.lengths) + sum(test.lengths)
    require(len(numbers) == FLOAT_BYTES * positions * head.channels, NO_SERIES)
    return head, numbers
