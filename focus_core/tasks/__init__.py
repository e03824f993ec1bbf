"""The tasks: a folder says without torch what a task reads (``__init__``), and has it (``data``).

What is shared is in ``base``, ``drawn`` and ``classified``; the list of all in ``registry``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from focus_core.tasks.registry import TASKS

if TYPE_CHECKING:
    from focus_core.options.task import TaskConfig
    from focus_core.tasks.base import Task

__all__ = ["TASKS", "build_task", "check_data"]


def check_data(task: TaskConfig) -> None:
    """Raise a UserError that says how to get the data of ``task``, unless they are there."""
    from focus_core.data import check_present

    data = TASKS[task.name].data
    if data is not None:
        check_present(data, task.bytes_read())


def build_task(task: TaskConfig, seed: int) -> Task:
    """The data of one replicate: the same seed gives every arm the same data in the same order."""
    built: Task = importlib.import_module(TASKS[task.name].module).build(task, seed)
    return built
