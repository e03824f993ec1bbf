"""Decides whether a trial follows a protocol with published numbers.

The protocols are in ``published``; docs/protocols.md has their ``--set`` settings. No torch here.

A protocol fixes the data, lengths, training sequences, epochs, batch size, learning rates and what
is scored. A protocol does not fix the other settings of the optimiser, the initial weights or the
frame. A protocol of a text or image task does not fix the training, because every paper trains in
its own way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from focus_core.options.task import TaskConfig
from focus_core.tasks import TASKS
from focus_core.tasks.published import PUBLISHED, Fields


def protocol(canonical: Mapping[str, object]) -> str:
    """Describe in a few words the published protocol that a trial follows, or its own data.

    Args:
        canonical: the trial's flat canonical config, which leaves out options without effect.
    """
    task = _task(canonical)
    if task is None:
        return "ours: a task of unknown name"
    about = {**canonical, "task.train_sequences": task.set_size()}
    near = [known for known in PUBLISHED if known.has_data_of(about)]
    if any(known.batch_size is None or known.has_training_of(about) for known in near):
        trained = "" if near[0].batch_size else ", own training"
        return f"published: {near[0].name}{trained}"
    if near:
        return f"ours: data of {near[0].name}, own training"
    return f"ours: {task.data_words()}"


def _task(canonical: Fields) -> TaskConfig | None:
    """The task's options; None where there is no task of that name."""
    entry = TASKS.get(str(canonical.get("task.name")))
    if entry is None:
        return None
    names = {field.name for field in dataclasses.fields(entry.config)}
    given = {key.removeprefix("task."): value for key, value in canonical.items()}
    known: dict[str, Any] = {name: value for name, value in given.items() if name in names}
    return entry.config(**known)
