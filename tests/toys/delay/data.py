"""The task. With a delay of 1::

    inputs   2 0 3 1
    targets  - 2 0 3

No published number compares.
"""

from __future__ import annotations

import torch
from torch import Tensor

from focus_core.tasks.base import ALL, IGNORED, Batch, Task, accuracy, generator
from tests.toys.delay import DelayConfig


def build(task: DelayConfig, seed: int) -> Task:
    """The task for one seed."""
    return Delay(task, seed)


class Delay(Task):
    """See the module, and ``base.Task``."""

    def __init__(self, task: DelayConfig, seed: int) -> None:
        self.vocab_size = self.num_outputs = task.symbols
        self.chance = 1 / task.symbols
        self._task, self._seed = task, seed

    def train_batch(self, step: int, batch_size: int) -> Batch:
        """Fresh sequences."""
        return self._draw(batch_size, generator(self._seed, "train", step))

    def validation(self, rows: slice = ALL) -> Batch:
        """Those of ``eval_sequences`` sequences."""
        whole = self._draw(self._task.eval_sequences, generator(self._seed, "validation"))
        return Batch(whole.inputs_BL[rows], whole.targets_BL[rows])

    def test(self, rows: slice = ALL) -> Batch:
        """Those of ``test_sequences`` sequences."""
        whole = self._draw(self._task.test_sequences, generator(self._seed, "test"))
        return Batch(whole.inputs_BL[rows], whole.targets_BL[rows])

    def score(self, logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
        """Answers that are right, and answers."""
        return accuracy(logits_BLV, targets_BL)

    def _draw(self, count: int, random: torch.Generator) -> Batch:
        shape = (count, self._task.length)
        tokens_BL = torch.randint(self._task.symbols, shape, generator=random)
        targets_BL = torch.full(shape, IGNORED)
        targets_BL[:, self._task.delay :] = tokens_BL[:, : -self._task.delay]
        return Batch(tokens_BL, targets_BL)
