"""Shared code of the tasks that classify a sequence of real numbers: read-out and score."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from focus_core.tasks.base import IGNORED, Batch, Task, accuracy


class Classified(Task):
    """One class for a sequence of real numbers, read from the time mean or the last position."""

    vocab_size = None

    def __init__(self, readout: Literal["mean", "last"], classes: int) -> None:
        self.num_outputs = classes
        self.chance = 1 / classes
        self.readout: Literal["each", "mean"] = "mean" if readout == "mean" else "each"

    def score(self, logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
        """Return the number of sequences whose class is right, and the number of sequences."""
        return accuracy(logits_BLV, targets_BL)

    def _batch(self, values_BL: Tensor, classes_B: Tensor) -> Batch:
        if self.readout == "mean":
            return Batch(values_BL, classes_B[:, None])
        targets_BL = torch.full(values_BL.shape, IGNORED)
        targets_BL[:, -1] = classes_B
        return Batch(values_BL, targets_BL)
