"""The training's fields: the budget and the optimiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from focus_core.config import activity as active
from focus_core.config.fields import NOT_NEGATIVE, POSITIVE, option


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Budget and optimiser: AdamW with betas (0.9, 0.98)."""

    steps: int = option(400, POSITIVE)
    batch_size: int = option(32, POSITIVE)
    learning_rate: float = option(3e-3, POSITIVE)
    conv_learning_rate: float = option(1e-2, POSITIVE, when=active.is_convolved)
    # of S4's A, B and step sizes, which a network's own rate throws out of shape
    state_learning_rate: float = option(
        1e-3, POSITIVE, when=active.reads("state_learning_rate"), later=True
    )
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup_steps: int = option(10, NOT_NEGATIVE)
    weight_decay: float = option(0.1, NOT_NEGATIVE)
    clip: float = option(1.0, POSITIVE)
    eval_every: int = option(50, POSITIVE)
