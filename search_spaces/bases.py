"""What the questions start from."""

from __future__ import annotations

from typing import Any

from focus_core.config import ModelConfig, TaskConfig, TrainConfig, TrialConfig


def far_recall(**model: Any) -> TrialConfig:
    """Recall from before attention's chunk: 64 tokens, four bins, a budget of CPU seconds.

    The queried key does not occur in the last 18 tokens and attention sees at most 16, so whatever
    lies above chance (.25) went through the filters. 200 steps at a constant rate are where the
    reference layer has just learned it, on every seed tried: an arm that learns more slowly shows.

    Args:
        model: fields of the model that differ from the reference.
    """
    return TrialConfig(
        model=ModelConfig(**{"width": 64, "chunk_length": 16, "bin_length": 16, **model}),
        task=TaskConfig(
            name="far_recall", length=64, keys=4, values=4, gap=18, loss="last", eval_sequences=256
        ),
        train=TrainConfig(
            steps=200, batch_size=32, learning_rate=3e-3, schedule="constant", eval_every=40
        ),
    )
