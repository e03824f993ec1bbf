"""Classify tones in noise: x_t = cos(f t + phase) + noise, with white noise of variance 1.

The band has ``classes`` equal parts, and the frequency f of a class is the middle of its part. The
band is pi/2 to pi radians a step where ``band`` is high, and 0 to pi/2 where ``band`` is low.
Filters whose coefficients keep one sign reach the high band only. The phase is uniform.

No published number compares: this project defined the task.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from focus_core.tasks.base import ALL, Batch, Task, generator, visits
from focus_core.tasks.classified import Classified
from focus_core.tasks.noisy_tones import NoisyTonesConfig


def build(task: NoisyTonesConfig, seed: int) -> Task:
    """Noisy tones for one seed."""
    return NoisyTones(task, seed)


def frequencies(task: NoisyTonesConfig) -> Tensor:
    """The frequencies of the tones, (classes,), in radians a step."""
    low = math.pi / 2 if task.band == "high" else 0.0
    middle_C = (torch.arange(task.classes, dtype=torch.float64) + 0.5) / task.classes
    return low + math.pi / 2 * middle_C


class NoisyTones(Classified):
    """See the module, and ``base.Task``. Each split is a separate draw: noise never repeats."""

    def __init__(self, task: NoisyTonesConfig, seed: int) -> None:
        super().__init__(task.readout, task.classes)
        self._task, self._seed = task, seed
        self._frequency_C = frequencies(task)
        self._validation = self._draw(task.eval_sequences, generator(seed, "validation"))
        self._test = self._draw(task.test_sequences, generator(seed, "test"))
        self._train = self._draw(task.train_sequences, generator(seed, "train set"))

    def train_batch(self, step: int, batch_size: int) -> Batch:
        """Fresh sequences, or the next ones of a finite set, which has a new order every epoch."""
        size = self._task.train_sequences
        if size:
            order_B = visits(self._seed, size, step * batch_size, batch_size)
            return self._batch(self._train[0][order_B], self._train[1][order_B])
        return self._batch(*self._draw(batch_size, generator(self._seed, "train", step)))

    def validation(self, rows: slice = ALL) -> Batch:
        """``rows`` of the ``eval_sequences`` sequences."""
        return self._batch(self._validation[0][rows], self._validation[1][rows])

    def test(self, rows: slice = ALL) -> Batch:
        """``rows`` of the ``test_sequences`` sequences."""
        return self._batch(self._test[0][rows], self._test[1][rows])

    def _draw(self, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Values (count, L) float32 and classes (count,)."""
        L = self._task.length
        classes_B = torch.randint(self._task.classes, (count,), generator=random)
        phase_B1 = 2 * math.pi * torch.rand((count, 1), generator=random, dtype=torch.float64)
        turned_BL = self._frequency_C[classes_B, None] * torch.arange(L, dtype=torch.float64)
        tone_BL = torch.cos(turned_BL + phase_B1).float()
        return tone_BL + torch.randn((count, L), generator=random), classes_B
