"""Whether a trial is run under a protocol whose numbers were published.

The protocols are in ``published``, their words for ``--set`` in docs/protocols.md. No torch here.

Data, lengths, training sequences, epochs, batch size, rates and what is scored belong to a
protocol. The optimiser's other settings, starts and frames do not; nor does how a text or image
model is trained, which every paper does in its own way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from focus_core.config.task import TaskConfig
from focus_core.config.train import TrainConfig
from focus_core.tasks import TASKS
from focus_core.tasks.published import PUBLISHED, Fields


def protocol(canonical: Mapping[str, object]) -> str:
    """In a few words: whose protocol a trial follows, or what is its own.

    Args:
        canonical: its flat canonical config, which leaves out fields of no effect or added later.
    """
    about = _DEFAULTS | _spelled(canonical)
    near = [known for known in PUBLISHED if known.has_data_of(about)]
    if any(known.batch_size is None or known.has_training_of(about) for known in near):
        trained = "" if near[0].batch_size else ", own training"
        return f"published: {near[0].name}{trained}"
    if near:
        return f"ours: data of {near[0].name}, own training"
    return f"ours: {_own(about)}"


def _spelled(canonical: Fields) -> dict[str, object]:
    """All training images by name or by their number are the same ones."""
    entry = TASKS.get(str(canonical.get("task.name")))
    whole = entry.images.train if entry is not None and entry.images is not None else None
    key = "task.train_sequences"
    all_of_them = whole is not None and canonical.get(key) == whole
    return {**canonical, **({key: 0} if all_of_them else {})}


def _own(about: Fields) -> str:
    entry = TASKS.get(str(about.get("task.name")))
    if entry is None:
        return "a task of unknown name"
    if "prefix" in entry.reads:
        part = "a prefix" if about.get("task.prefix") else "the whole text"
        context = about.get("task.context")
        if context is None:
            return f"{part}, some windows scored"
        return f"{part}, test part with context {context}"
    if entry.images is not None:
        size = about.get("task.test_sequences")
        return f"{size} of {entry.images.test} test images"
    size = about.get("task.train_sequences")
    return f"{size} training sequences over epochs" if size else "fresh sequences each step"


_DEFAULTS: dict[str, object] = {
    f"{section}.{field.name}": field.default
    for section, config in (("task", TaskConfig), ("train", TrainConfig))
    for field in dataclasses.fields(config)
}
