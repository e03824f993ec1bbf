"""A person's own data: read once, checked, held in memory, and known by their hash from then on."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from focus_core.config import Scalar, TaskConfig, TrialConfig
from focus_core.config.keys import changed
from focus_core.data.own import hold, read_own
from focus_core.errors import UserError, require
from focus_core.options.checks import check_options
from focus_core.tasks.own_data import OwnDataConfig
from search_spaces.points import every_value
from search_spaces.space import VARIANT, Space
from sweeps.commands.command_line import shown
from sweeps.planning.own_data.files import File, path_of, read

PATH, DIGEST = "task.path", "task.digest"
LENGTH, BATCH = "task.length", "train.batch_size"
MOST_PADDING = 128
"""Positions that are tried beyond the longest sequence, until chunks and bins divide the length."""


class OwnData(NamedTuple):
    """The data of a plan.

    Attributes:
        digest: the SHA-256 of the data as they are kept; of a text, that of the file itself.
        files: the name, the size in bytes and the hash of each file that was read; empty where the
            data were named by their digest.
        options: by dotted key, the options that follow from the data.
    """

    digest: str
    files: list[dict[str, str | int]]
    options: dict[str, Scalar]

    def in_words(self) -> str:
        """The files with their sizes and hashes, and the digest of the data."""
        files = [f"{f['name']} ({f['bytes']} bytes, sha256 {f['sha256']})" for f in self.files]
        return "; ".join([*files, f"kept as {self.digest}"])

    def as_data(self) -> dict[str, Any]:
        """What the ledger keeps."""
        return {"digest": self.digest, "files": self.files, "options": self.options}


def bring(space: Space, settings: Mapping[str, Scalar]) -> OwnData | None:
    """Read and hold the data that a space with these settings asks for; None: they ask for none.

    Raises:
        UserError: the data cannot be read, or the task cannot use them.
    """
    base = space.base()
    axes = {axis.key for axis in space.axes}
    own = {k: v for k, v in settings.items() if k.startswith("task.") and k not in axes}
    task = _task(base, own)
    if not isinstance(task, OwnDataConfig):
        return None
    lengths = [v for axis in space.axes if axis.key == LENGTH for v in every_value(axis)]
    if lengths:  # a text must have enough windows of the longest, series must fit the shortest
        task = dataclasses.replace(task, length=(max if task.is_text else min)(lengths))
    content, files = _content(task)
    digest = hold(content)
    require(
        task.digest in ("", digest),
        f"{PATH} {shown(task.path)} has other data than {DIGEST} = {task.digest}: leave out one "
        "of the two",
    )
    given = {key.partition(".")[2] for key in {*own, *axes}} | _set_by(base)
    try:
        fitted = task.fitted(content, given, _largest_batch(space, base, settings))
    except UserError as error:
        raise UserError(f"{_called(task, files)}: {error}") from None
    free: dict[str, Scalar] = {
        f"task.{name}": value for name, value in fitted.items() if name not in given
    }
    if LENGTH in free:
        free[LENGTH] = _usable_length(base, {**settings, **free}, axes)
    return OwnData(digest, [file.facts() for file in files], {**free, DIGEST: digest})


def _task(base: TrialConfig, own: Mapping[str, Scalar]) -> TaskConfig:
    """The task as asked for, before its data decide the length that the model must fit."""
    unread, asked = (
        {key.partition(".")[2]: value for key, value in found.items() if key.startswith("task.")}
        for found in (base.unread, own)
    )
    task: TaskConfig = changed("task", base.task, unread, asked)[0]
    check_options("task", task)
    return task


def _set_by(base: TrialConfig) -> set[str]:
    """The task's options that a space's base gives, where that base has data of its own."""
    if not isinstance(base.task, OwnDataConfig):
        return set()
    fields = dataclasses.fields(base.task)
    return {field.name for field in fields if getattr(base.task, field.name) != field.default}


def _usable_length(
    base: TrialConfig, settings: Mapping[str, Scalar], axes: Collection[str]
) -> Scalar:
    """The shortest length, of the longest sequence or more, with which the base can be built."""
    longest = int(str(settings[LENGTH]))
    others = {key: value for key, value in settings.items() if key not in axes and key != VARIANT}
    for length in range(longest, longest + MOST_PADDING):
        with suppress(UserError):
            base.override({**others, LENGTH: length})
            return length
    return longest


def _content(task: OwnDataConfig) -> tuple[bytes, list[File]]:
    """The data as they are kept, and the files that they come from."""
    if not task.path:
        return read_own(task.own_data()), []
    path = path_of(task.path)
    if task.is_text:
        file = read(path)
        return file.content, [file]
    from sweeps.planning.own_data.series import read_series

    return read_series(path)


def _largest_batch(space: Space, base: TrialConfig, settings: Mapping[str, Scalar]) -> int:
    """The most sequences in a training step of any trial."""
    tried: Collection[Scalar] = [settings.get(BATCH, base.train.batch_size)]
    if BATCH not in settings:
        tried = [v for axis in space.axes if axis.key == BATCH for v in every_value(axis)] or tried
    return max(int(str(value)) for value in tried)


def _called(task: OwnDataConfig, files: list[File]) -> str:
    return shown(files[0].name) if files else f"{DIGEST} {shown(task.digest[:12])}"
