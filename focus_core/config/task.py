"""The task's fields: the data, the target and the score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from focus_core.config.fields import NOT_NEGATIVE, POSITIVE, option


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """The data, the target and the score. ``length`` is the number of input tokens."""

    name: str = "far_recall"
    length: int = option(64, POSITIVE)  # L
    keys: int = option(4, POSITIVE)
    values: int = option(4, POSITIVE)
    gap: int = option(18, NOT_NEGATIVE, when=lambda t: t.task.name == "far_recall")
    loss: Literal["all", "last"] = "all"
    train_sequences: int = option(0, NOT_NEGATIVE)  # 0: fresh ones at every step
    eval_sequences: int = option(512, POSITIVE)
    test_sequences: int = option(1024, POSITIVE)
