"""The rules of a task's fields; each message says what is wrong and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from focus_core.config.checks import require
from focus_core.tasks import check_task_name

if TYPE_CHECKING:
    from focus_core.config import TaskConfig


def check_task(task: TaskConfig) -> None:
    check_task_name(task.name)
    require(
        task.length >= 4 and task.length % 2 == 0,
        f"task.length = {task.length}: recall needs an even number of tokens, 4 or more "
        "(pairs, then '=>' and the query)",
    )
    if task.name == "far_recall":
        require(
            task.gap <= task.length - 3,
            f"task.gap = {task.gap} leaves no room for the queried key in {task.length} tokens: "
            f"use at most {task.length - 3}",
        )
        require(task.keys >= 2, f"task.keys = {task.keys}: far recall needs at least 2 keys")
