"""Far recall: its options. The task is in ``data``."""

from __future__ import annotations

from dataclasses import dataclass

from focus_core.errors import require
from focus_core.options.fields import NOT_NEGATIVE, one_of, option
from focus_core.tasks.entry import TaskEntry
from focus_core.tasks.recall import RecallConfig


@dataclass(frozen=True, kw_only=True)
class FarRecallConfig(RecallConfig):
    """Recall whose queried key does not occur in the last ``gap`` tokens."""

    name: str = option("far_recall", one_of(["far_recall"]))
    """far_recall: the queried key does not occur in the last tokens."""
    gap: int = option(18, NOT_NEGATIVE)
    """The last tokens in which the queried key does not occur."""

    def check(self) -> None:
        """Require room for the queried key before the gap, and at least 2 keys."""
        super().check()
        require(
            self.gap <= self.length - 3,
            f"task.gap = {self.gap} leaves no room for the queried key in {self.length} tokens: "
            f"use at most {self.length - 3}",
        )
        require(self.keys >= 2, f"task.keys = {self.keys}: far recall needs at least 2 keys")


FAR_RECALL = TaskEntry(
    config=FarRecallConfig, module="focus_core.tasks.far_recall.data", metric="accuracy"
)
