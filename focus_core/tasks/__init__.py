"""The tasks by name. A task is a module here with ``build(task, seed) -> Task``; see ``base``."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from focus_core.config import TaskConfig
    from focus_core.tasks.base import Task


class TaskEntry(NamedTuple):
    """Where a task is built, and what its score is."""

    module: str
    metric: str
    direction: Literal["maximize", "minimize"]


TASKS = {
    "recall": TaskEntry("focus_core.tasks.recall", "accuracy", "maximize"),
    "far_recall": TaskEntry("focus_core.tasks.far_recall", "accuracy", "maximize"),
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
    built: Task = importlib.import_module(TASKS[task.name].module).build(task, seed)
    return built
