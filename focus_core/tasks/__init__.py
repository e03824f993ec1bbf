"""The tasks: a folder has a task's options (``__init__``, without torch) and its data (``data``).

``base``, ``drawn`` and ``classified`` have what tasks share. ``registry`` lists all tasks.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from focus_core.tasks.registry import TASKS

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig
    from focus_core.tasks.base import Task

__all__ = ["TASKS", "build_task", "metric_of"]


def build_task(task: TaskConfig, seed: int) -> Task:
    """Build the data of one replicate: one seed gives every arm the same data in the same order."""
    built: Task = importlib.import_module(TASKS[task.name].module).build(task, seed)
    return built


def metric_of(task: TaskConfig) -> str:
    """The metric of a task with these options: one of ``metrics.SCORES``."""
    return task.metric(TASKS[task.name].metric)
