"""A question about the toys, with a kind of axis of its own."""

from __future__ import annotations

from focus_core.config import Scalar, TrialConfig
from search_spaces.space import Axis, Space, choices


def _base() -> TrialConfig:
    toys: dict[str, Scalar] = {"model.mixer": "decay", "task.name": "delay", "task.length": 16}
    small: dict[str, Scalar] = {
        "model.width": 16,
        "task.eval_sequences": 32,
        "task.test_sequences": 32,
    }
    short: dict[str, Scalar] = {"train.steps": 30, "train.eval_every": 10, "train.warmup_steps": 1}
    return TrialConfig().override({**toys, **small, **short, "train.batch_size": 16})


def powers_of_two(key: str, low: int, high: int) -> Axis:
    """An axis over the powers of two from ``low`` to ``high``."""
    return choices(key, *(2**n for n in range(high.bit_length()) if low <= 2**n <= high))


SPACE = Space(
    question="How much of a token must remain for the one after it?",
    base=_base,
    axes=(
        choices("variant", "base", "shallow"),
        choices("model.remains", 0.1, 0.3, 0.5),
        powers_of_two("train.batch_size", 4, 16),
    ),
    seeds=2,
    trials=6,
    sampler="corners",
    pruner="forgetful",
)
