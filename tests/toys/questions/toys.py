"""A question about the toys."""

from __future__ import annotations

from focus_core.config import Scalar, TrialConfig
from search_spaces.space import Space, choices


def _base() -> TrialConfig:
    small: dict[str, Scalar] = {
        "model.width": 16,
        "task.eval_sequences": 32,
        "task.test_sequences": 32,
    }
    short: dict[str, Scalar] = {"train.steps": 60, "train.eval_every": 30, "train.warmup_steps": 1}
    toys: dict[str, Scalar] = {"model.mixer": "decay", "task.name": "delay", "task.length": 16}
    return TrialConfig().override({**small, **short, **toys, "train.batch_size": 16})


SPACE = Space(
    question="How much of a token must remain for the one after it?",
    base=_base,
    axes=(choices("model.remains", 0.1, 0.5),),
    seeds=2,
    trials=None,
    sampler="grid",
    prune=False,
)
