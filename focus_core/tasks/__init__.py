"""The tasks: a folder has, without torch, the options of a task (``__init__``), and it (``data``).

What is shared is in ``base``, ``drawn`` and ``classified``; the list of all in ``registry``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from focus_core.tasks.registry import TASKS

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig
    from focus_core.tasks.base import Task

__all__ = ["TASKS", "build_task"]


def build_task(task: TaskConfig, seed: int) -> Task:
    """The data of one replicate: the same seed gives every arm the same data in the same order."""
    built: Task = importlib.import_module(TASKS[task.name].module).build(task, seed)
    return built
