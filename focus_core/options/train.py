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
    """The budget: steps of the optimiser."""
    batch_size: int = option(32, POSITIVE)
    """The sequences of a step."""
    learning_rate: float = option(3e-3, POSITIVE)
    """AdamW's learning rate after warm-up."""
    conv_learning_rate: float = option(1e-2, POSITIVE, when=_has_rate("conv_learning_rate"))
    """The learning rate of a global convolution's kernel."""
    state_learning_rate: float = option(1e-3, POSITIVE, when=_has_rate("state_learning_rate"))
    """The rate of S4's A, B and step sizes; the network's would distort them."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """How the rate goes on after warm-up: falling to 0 as a cosine, or constant."""
    warmup_steps: int = option(10, NOT_NEGATIVE)
    """The steps in which the rate rises to its value."""
    weight_decay: float = option(0.1, NOT_NEGATIVE)
    """AdamW's weight decay, of the weights of linear layers."""
    clip: float = option(1.0, POSITIVE)
    """The largest norm of the gradient."""
    eval_every: int = option(50, POSITIVE)
    """The steps between two evaluations, reports and possible stops."""
    precision: Literal["float32", "tf32", "bf16"] = option("float32", later=True)
    """How products are rounded: float32; tf32 on a GPU; bf16 by torch's autocast."""

    def check(self) -> None:
        """Raise a UserError for the first rule that these options break."""
        require(
            self.warmup_steps < self.steps,
            f"train.warmup_steps = {self.warmup_steps} must be below train.steps = {self.steps}",
        )
