"""The options of a task that reads a person's own file."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from focus_core.errors import require
from focus_core.options.fields import Range, option
from focus_core.options.task import TaskConfig

DIGEST = Range(
    lambda value: re.fullmatch(r"([0-9a-f]{64})?", value) is not None,
    "a SHA-256 of 64 hexadecimal digits",
)


@dataclass(frozen=True, kw_only=True)
class OwnDataConfig(TaskConfig, ABC):
    """Where the data are, and what they are.

    A launch reads the file at ``path`` and fills in ``digest``. The digest is part of a trial's
    identity and the path is not: a moved file is the same data, a changed file is other data.
    """

    is_text: ClassVar[bool] = False
    """Whether the data are the bytes of one file; otherwise they are series."""

    path: str = option("", spells="digest")
    """The file with the data; a launch reads it."""
    digest: str = option("", DIGEST)
    """The SHA-256 of the data; a launch fills it in."""

    def own_data(self) -> str:
        """The digest.

        Raises:
            UserError: the config names no data.
        """
        require(
            bool(self.digest),
            f"task.name = {self.name} reads your own data: give their file with task.path, such as "
            f"task.path={self.such_as()}",
        )
        return self.digest

    def such_as(self) -> str:
        """The name of a file that such a task can read, for a message."""
        return "data"

    @abstractmethod
    def fitted(
        self, content: bytes, given: Collection[str], batch_size: int
    ) -> dict[str, int | float | str]:
        """Options that follow from the data, by name, where a person did not give them.

        Args:
            content: the data, as ``focus_core.data.own`` keeps them.
            given: the names of the options that a person gave.
            batch_size: the largest number of sequences in a training step.

        Raises:
            UserError: such a task cannot use these data.
        """
