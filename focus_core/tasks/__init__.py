"""The tasks by name. A task is a module here with ``build(task, seed) -> Task``; see ``base``."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from focus_core.config import TaskConfig
    from focus_core.tasks.base import Task

TASKS = {
    "recall": "focus_core.tasks.recall",
    "far_recall": "focus_core.tasks.far_recall",
}


def check_task_name(name: str) -> None:
    """Raise a ValueError that names the nearest task when there is none called ``name``."""
    if name in TASKS:
        return
    near = difflib.get_close_matches(name, TASKS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the tasks are {', '.join(TASKS)}"
    raise ValueError(f"unknown task.name {name!r}; {hint}")


def build_task(task: TaskConfig, seed: int) -> Task:
    """The data of one replicate: the same seed gives every arm the same data in the same order."""
    check_task_name(task.name)
    built: Task = importlib.import_module(TASKS[task.name]).build(task, seed)
    return built
