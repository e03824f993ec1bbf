"""What the registry keeps of a task: its options, its score, and where it is built. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from focus_core.options.task import TaskConfig


@dataclass(frozen=True, kw_only=True)
class TaskEntry:
    """A task.

    Attributes:
        config: its options with their rules.
        module: it has ``build(task, seed) -> base.Task``; imported only to train.
        metric: one of ``metrics.SCORES``.
        data: the data set in ``focus_core.data`` that must be there.
    """

    config: type[TaskConfig]
    module: str
    metric: str
    data: str | None = None
