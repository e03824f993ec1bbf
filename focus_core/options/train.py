"""The options of the training: the budget and the optimiser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from focus_core.errors import require
from focus_core.options.fields import NOT_NEGATIVE, POSITIVE, option


def _has_rate(name: str) -> Callable[[Any, Any], bool]:
    """Return a test for models that have parts with a learning rate of that name."""
    return lambda model, task: name in model.rates(task)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """Budget and optimiser: AdamW with betas (0.9, 0.98)."""

    steps: int = option(400, POSITIVE)
    batch_size: int = option(32, POSITIVE)
    learning_rate: float = option(3e-3, POSITIVE)
    conv_learning_rate: float = option(1e-2, POSITIVE, when=_has_rate("conv_learning_rate"))
    # for S4's A, B and step sizes, which the network's learning rate would distort
    state_learning_rate: float = option(1e-3, POSITIVE, when=_has_rate("state_learning_rate"))
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup_steps: int = option(10, NOT_NEGATIVE)
    weight_decay: float = option(0.1, NOT_NEGATIVE)
    clip: float = option(1.0, POSITIVE)
    eval_every: int = option(50, POSITIVE)

    def check(self) -> None:
        """Raise a UserError for the first rule that these options break."""
        require(
            self.warmup_steps < self.steps,
            f"train.warmup_steps = {self.warmup_steps} must be below train.steps = {self.steps}",
        )
