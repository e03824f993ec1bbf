"""The rules of a task's fields; each message says what is wrong and what would be right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from focus_core.errors import require
from focus_core.tasks import TASKS, Images, check_task_name

if TYPE_CHECKING:
    from focus_core.config import TaskConfig

TEXT_BYTES = {"enwik8": 100_000_000, "text8": 100_000_000}


def check_task(task: TaskConfig) -> None:
    check_task_name(task.name)
    entry = TASKS[task.name]
    if entry.images is not None:
        _check_images(task, entry.images)
    elif "prefix" in entry.reads:
        _check_text(task)
    elif task.name == "mqar":
        _check_mqar(task)
    elif "loss" in entry.reads:
        _check_recall(task)
    elif task.name == "noisy_tones":
        require(task.classes >= 2, f"task.classes = {task.classes}: tones need at least 2 classes")
    require(task.length >= 2, f"task.length = {task.length}: a sequence needs at least 2 tokens")


def _check_recall(task: TaskConfig) -> None:
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


def _check_mqar(task: TaskConfig) -> None:
    if task.mixture == "single":
        pairs, remedy = task.pairs, "fewer task.pairs"
        require(
            task.length % 2 == 0 and task.length >= 4 * pairs,
            f"task.length = {task.length}: mqar needs an even number of tokens, 4 or more for each "
            f"of its {pairs} pairs",
        )
    else:
        pairs, remedy = task.length // 4, "a shorter task.length"  # of its longest sequences
        _check_mixture(task)
    for name, count in (("keys", task.keys), ("values", task.values)):
        require(
            count >= pairs,
            f"task.{name} = {count}: mqar draws {pairs} different {name}; use at least {pairs}, "
            f"or {remedy}",
        )


def _check_mixture(task: TaskConfig) -> None:
    require(
        task.length % 32 == 0 and task.length >= 64,
        f"task.length = {task.length}: the mixture's shortest sequences have a sixteenth of it; "
        "use 1024, as published, or another multiple of 32 above it or down to 64",
    )
    for name, least, what in (
        ("train_sequences", 9, "training parts come in ninths"),
        ("eval_sequences", 7, "it is scored on seven parts"),
        ("test_sequences", 7, "it is scored on seven parts"),
    ):
        count = getattr(task, name)
        fresh = name == "train_sequences" and count == 0
        require(
            fresh or count >= least,
            f"task.{name} = {count}: the mixture's {what}; use {least} or more",
        )


def _check_text(task: TaskConfig) -> None:
    """Of a text whose size is known: the windows that are asked for are there."""
    whole = TEXT_BYTES.get(task.name)
    require(
        whole is None or task.prefix < whole,
        f"task.prefix = {task.prefix}: {task.name} has {whole} bytes; use fewer, or 0 for all",
    )
    require(
        task.context is None or task.context < task.length,
        f"task.context = {task.context} leaves nothing to score of windows of task.length = "
        f"{task.length}; use at most {task.length - 1}",
    )
    size = task.prefix or whole
    if size is None:
        return
    for field, start, end in (("eval_sequences", 90, 95), ("test_sequences", 95, 100)):
        most = (size * end // 100 - size * start // 100 - 1) // task.length
        count = getattr(task, field)
        require(
            count <= most,
            f"task.{field} = {count}: 5 % of {size} bytes are {most} windows of task.length = "
            f"{task.length}; use fewer, a shorter task.length or a longer task.prefix",
        )


def _check_images(task: TaskConfig, images: Images) -> None:
    require(
        task.length == images.pixels,
        f"task.length = {task.length}: {task.name} has {images.pixels} pixels; use "
        f"task.length={images.pixels}",
    )
    asked = {
        "train_sequences": images.train,
        "eval_sequences": images.validation,
        "test_sequences": images.test,
    }
    for field, most in asked.items():
        count = getattr(task, field)
        require(
            count <= most,
            f"task.{field} = {count}: {task.name} has {most} of these images; use at most {most}",
        )
