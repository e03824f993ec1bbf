"""Associative recall: its options. The task is in ``data``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from focus_core.errors import require
from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.task import SetTaskConfig
from focus_core.tasks.entry import TaskEntry


@dataclass(frozen=True, kw_only=True)
class RecallConfig(SetTaskConfig):
    """A sequence has key-value pairs, then ``=>``, then a query key.

    Safari's length L counts the tokens of the pairs only: L is ``length`` - 2 here.
    """

    name: str = option("recall", one_of(["recall"]))
    """recall: key-value pairs, then a key."""
    keys: int = option(4, POSITIVE)
    """The different keys."""
    values: int = option(4, POSITIVE)
    """The different values."""
    loss: Literal["all", "last"] = "all"
    """all: training also predicts the positions before the answer."""

    def check(self) -> None:
        """Require room for the pairs and two more tokens."""
        require(
            self.length >= 4 and self.length % 2 == 0,
            f"task.length = {self.length}: recall needs an even number of tokens, 4 or more "
            "(pairs, then '=>' and the query)",
        )


RECALL = TaskEntry(config=RecallConfig, module="focus_core.tasks.recall.data", metric="accuracy")
