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
    """Pairs of a key and a value, ``=>``, then a key.

    Safari counts recall by its pairs: its L is ``length`` - 2 here.
    """

    name: str = option("recall", one_of(["recall"]))
    keys: int = option(4, POSITIVE)
    values: int = option(4, POSITIVE)
    # all: training also predicts what is no answer
    loss: Literal["all", "last"] = "all"

    def check(self) -> None:
        """Pairs, and two tokens more."""
        require(
            self.length >= 4 and self.length % 2 == 0,
            f"task.length = {self.length}: recall needs an even number of tokens, 4 or more "
            "(pairs, then '=>' and the query)",
        )


RECALL = TaskEntry(config=RecallConfig, module="focus_core.tasks.recall.data", metric="accuracy")
