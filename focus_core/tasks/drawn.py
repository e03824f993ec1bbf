"""Shared code of the tasks with random token sequences: splits, finite sets, epochs."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, TypeVar

import torch
from torch import Tensor

from focus_core.options.task import SetTaskConfig
from focus_core.tasks.base import (
    ALL,
    Batch,
    Split,
    Task,
    accuracy,
    generator,
    visits,
)
from focus_core.tasks.splitter import Splitter

Config = TypeVar("Config", bound=SetTaskConfig)


class Drawn(Task, Generic[Config]):
    """Sequences drawn from a distribution; the hash of a sequence decides its split.

    A subclass defines how to draw (``_draw``) and which parts of a sequence are inputs and targets
    (``_batch``). Stored sets have the smallest integer type that holds them; a batch is int64.

    Raises:
        UserError: the task has too few different sequences for three disjoint splits.
    """

    def __init__(self, task: Config, seed: int, *, symbols: int, tokens: int) -> None:
        """``tokens`` is the length of a sequence from ``_draw``, with its answers."""
        self.vocab_size = self.num_outputs = symbols
        self._task, self._seed = task, seed
        self._tokens = tokens
        self._splitter = Splitter(tokens, symbols)
        self._validation_BT = self._set("validation", task.eval_sequences)
        self._test_BT = self._set("test", task.test_sequences)
        self._train_BT = self._set("train", task.train_sequences)

    def train_batch(self, step: int, batch_size: int) -> Batch:
        """Fresh sequences, or the next ones of a finite set, which has a new order every epoch."""
        size = self._task.train_sequences
        if size:
            order_B = visits(self._seed, size, step * batch_size, batch_size)
            tokens_BT = self._train_BT[order_B]
        else:
            random = generator(self._seed, "train", step)
            tokens_BT = self._splitter.fill(self._draw, batch_size, "train", random)
        return self._batch(tokens_BT.long(), training=True)

    def validation(self, rows: slice = ALL) -> Batch:
        """``rows`` of the ``eval_sequences`` different sequences; only answers count."""
        return self._batch(self._validation_BT[rows].long(), training=False)

    def test(self, rows: slice = ALL) -> Batch:
        """``rows`` of the ``test_sequences`` different sequences; only answers count."""
        return self._batch(self._test_BT[rows].long(), training=False)

    def score(self, logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
        """Return the number of right answers, and the number of answers."""
        return accuracy(logits_BLV, targets_BL)

    @abstractmethod
    def _draw(self, count: int, random: torch.Generator) -> Tensor:
        """Fresh sequences with their answers, (count, tokens) int64."""

    @abstractmethod
    def _batch(self, tokens_BT: Tensor, *, training: bool) -> Batch:
        """The inputs and targets of drawn sequences."""

    def _set(self, split: Split, count: int) -> Tensor:
        if count == 0:
            return torch.empty((0, self._tokens), dtype=torch.int64)
        random = generator(self._seed, split)
        return self._splitter.fill_set(self._draw, count, split, random)
