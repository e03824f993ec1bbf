"""The base configs of the search spaces."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from focus_core.config import TrialConfig


def _trial(**sections: dict[str, Any]) -> TrialConfig:
    """The default trial with these options, given section by section."""
    flat = {f"{name}.{key}": value for name, own in sections.items() for key, value in own.items()}
    return TrialConfig().override(flat)


def far_recall(**model: Any) -> TrialConfig:
    """Recall from before the chunk of attention: 64 tokens, four bins, a budget of CPU seconds.

    The queried key does not occur in the last 18 tokens, and attention sees at most 16 tokens.
    Therefore a score above chance (.25) needs information that went through the filters. After 200
    steps at a constant rate the reference layer has just learned the task, on every seed tried.
    Therefore the score shows where an arm learns more slowly.

    Args:
        model: fields of the model that differ from the reference.
    """
    return _trial(
        model={"width": 64, "chunk_length": 16, "bin_length": 16, **model},
        task={
            "name": "far_recall",
            "length": 64,
            "keys": 4,
            "values": 4,
            "gap": 18,
            "loss": "last",
            "eval_sequences": 256,
        },
        train={
            "steps": 200,
            "batch_size": 32,
            "learning_rate": 3e-3,
            "schedule": "constant",
            "eval_every": 40,
        },
    )


RECALL_LENGTHS = (32, 1024, 8192, 32_768, 65_536)
"""The paper's 30, 1K, 8K, 32K and 64K. Safari's L = 30 is 32 tokens.

Safari adds two tokens to every L. No chunk would divide the longer sums, so here the longer lengths
are exactly L.
"""


def recall(length: int = 1024, **model: Any) -> TrialConfig:
    """Associative recall as in Hyena's Table A.1: 14 keys, 14 values, width 64, 2 layers.

    Every step has fresh sequences: 32 sequences of up to 1,024 tokens, or longer sequences with
    32,768 tokens in total (at least one sequence), which fit on a small machine. Fewer long
    sequences are scored.

    Args:
        length: input tokens; see ``RECALL_LENGTHS``.
        model: fields of the model that differ from the reference.
    """
    usual = {"width": 64, "chunk_length": min(length, 128), "bin_length": min(length, 128)}
    return _trial(
        model={**usual, **model},
        task={
            "name": "recall",
            "length": length,
            "keys": 14,
            "values": 14,
            "eval_sequences": 256 if length <= 1024 else 64,
            "test_sequences": 512 if length <= 1024 else 128,
        },
        train={
            "steps": 2000,
            "batch_size": min(32, math.ceil(32_768 / length)),
            "learning_rate": 5e-4,
            "warmup_steps": 100,
            "eval_every": 200,
        },
    )


def language(name: str = "enwik8", prefix: int = 0, **model: Any) -> TrialConfig:
    """A small language model: windows of 256 bytes, chunks of 32, a budget of CPU minutes.

    Args:
        name: a text task: enwik8, text8 or pydoc_text.
        prefix: number of bytes to read of the text; 0 for the whole text.
        model: fields of the model that differ from the reference.
    """
    return _trial(
        model={"width": 64, "chunk_length": 32, "bin_length": 64, **model},
        task={
            "name": name,
            "prefix": prefix,
            "length": 256,
            "eval_sequences": 64,
            "test_sequences": 64,
        },
        train={
            "steps": 600,
            "batch_size": 8,
            "learning_rate": 1e-2,
            "eval_every": 100,
        },
    )


def images(name: str = "smnist", **model: Any) -> TrialConfig:
    """Images pixel by pixel: 784 steps (smnist, pmnist) or 64 (digits).

    Args:
        name: of the task.
        model: fields of the model that differ from the reference.
    """
    small = name == "digits"
    rows = 16 if small else 28  # two rows of the image, or one
    return _trial(
        model={"width": 64, "chunk_length": rows, "bin_length": rows, **model},
        task={
            "name": name,
            "length": 64 if small else 784,
            "eval_sequences": 180 if small else 1000,
            "test_sequences": 360 if small else 2000,
        },
        train={
            "steps": 600,
            "batch_size": 32,
            "learning_rate": 3e-3,
            "eval_every": 100,
        },
    )


def noisy_tones(**model: Any) -> TrialConfig:
    """Classify eight tones in noise of twice the tones' power: 128 steps, read at the end.

    Args:
        model: fields of the model that differ from the reference.
    """
    return _trial(
        model={"width": 32, "chunk_length": 8, "bin_length": 64, **model},
        task={
            "name": "noisy_tones",
            "length": 128,
            "readout": "last",
            "eval_sequences": 256,
        },
        train={
            "steps": 300,
            "batch_size": 32,
            "learning_rate": 3e-3,
            "eval_every": 50,
        },
    )


BASES: dict[str, Callable[[], TrialConfig]] = {
    "far_recall": far_recall,
    "recall": recall,
    "language": language,
    "images": images,
    "noisy_tones": noisy_tones,
}
"""By the name that ``--base`` takes."""
