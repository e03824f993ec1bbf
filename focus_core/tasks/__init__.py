"""The tasks by name. A task is a module here with ``build(task, seed) -> Task``; see ``base``."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, NamedTuple

from focus_core.errors import UserError

if TYPE_CHECKING:
    from focus_core.config import TaskConfig
    from focus_core.tasks.base import Task


class Images(NamedTuple):
    """Fixed numbers of a data set of images: pixels in one, and how many in each split."""

    pixels: int
    train: int
    validation: int
    test: int


class TaskEntry(NamedTuple):
    """Where a task is built, what its score is, and what it reads."""

    module: str
    metric: str
    """One of ``metrics.SCORES``."""
    reads: tuple[str, ...] = ()
    """Fields of the task's config that only some tasks read."""
    data: str | None = None
    """The data set in ``focus_core.data`` that must be there."""
    images: Images | None = None


_PACKAGE = "focus_core.tasks"
_RECALL = ("keys", "values", "loss", "train_sequences")
_TEXT = ("prefix", "context")
_MNIST = Images(pixels=784, train=54_000, validation=6_000, test=10_000)
_DIGITS = Images(pixels=64, train=1_257, validation=180, test=360)

TASKS = {
    "recall": TaskEntry(f"{_PACKAGE}.recall", "accuracy", _RECALL),
    "far_recall": TaskEntry(f"{_PACKAGE}.far_recall", "accuracy", (*_RECALL, "gap")),
    "mqar": TaskEntry(
        f"{_PACKAGE}.mqar",
        "accuracy",
        ("keys", "values", "pairs", "train_sequences", "random_non_queries", "mixture"),
    ),
    "noisy_tones": TaskEntry(
        f"{_PACKAGE}.noisy_tones",
        "accuracy",
        ("classes", "band", "readout", "train_sequences"),
    ),
    "enwik8": TaskEntry(f"{_PACKAGE}.text", "bits per byte", _TEXT, data="enwik8"),
    "text8": TaskEntry(f"{_PACKAGE}.text", "bits per character", _TEXT, data="text8"),
    "pydoc_text": TaskEntry(f"{_PACKAGE}.text", "bits per byte", _TEXT),
    "smnist": TaskEntry(
        f"{_PACKAGE}.pixels",
        "accuracy",
        ("readout", "train_sequences"),
        data="mnist",
        images=_MNIST,
    ),
    "pmnist": TaskEntry(
        f"{_PACKAGE}.pixels",
        "accuracy",
        ("readout", "train_sequences", "permutation_seed", "permutation"),
        data="mnist",
        images=_MNIST,
    ),
    "digits": TaskEntry(
        f"{_PACKAGE}.pixels",
        "accuracy",
        ("readout", "train_sequences"),
        data="digits",
        images=_DIGITS,
    ),
}


def check_task_name(name: str) -> None:
    """Raise a UserError that names the nearest task when there is none called ``name``."""
    if name in TASKS:
        return
    near = difflib.get_close_matches(name, TASKS, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the tasks are {', '.join(TASKS)}"
    raise UserError(f"unknown task.name {name!r}; {hint}")


def check_data(task: TaskConfig) -> None:
    """Raise a UserError that says how to get the data of ``task``, unless they are there."""
    from focus_core.data import check_present

    data = TASKS[task.name].data
    if data is not None:
        check_present(data, task.prefix)


def build_task(task: TaskConfig, seed: int) -> Task:
    """The data of one replicate: the same seed gives every arm the same data in the same order."""
    check_task_name(task.name)
    built: Task = importlib.import_module(TASKS[task.name].module).build(task, seed)
    return built
