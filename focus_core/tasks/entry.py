"""The registry's record of a task: its options, its score and its module. No torch here."""

from __future__ import annotations

from dataclasses import dataclass

from focus_core.options.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class TaskEntry:
    """The record of a task.

    Attributes:
        config: the task's options with their rules.
        module: has ``build(task, seed) -> base.Task``; imported only when the data are built.
        metric: one of ``metrics.SCORES``.
        data: the data set in ``focus_core.data`` that the task needs; None for no data set.
    """

    config: type[TaskConfig]
    module: str
    metric: str
    data: str | None = None
