"""What the author of a task inherits from, and how its data are split. B batch, L length."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from focus_core.errors import UserError, require
from focus_core.options.fields import Range
from focus_core.tasks import base
from focus_core.tasks.base import ALL, IGNORED, Batch, Split, accuracy, bits, generator
from focus_core.tasks.splitter import Splitter

if TYPE_CHECKING:
    from focus_core.outside.task_entry import OutsideTask

ROUNDS = 50
"""Attempts at filling a split before the task's sequences count as exhausted."""


def build(task: OutsideTask, seed: int) -> base.Task:
    """The task for one seed."""
    built: Task = task.made()
    built.begin(task, seed)
    return built


class Task(base.Task):
    """A task of one's own: ``draw`` gives fresh sequences with their targets.

    The constructor may ask for ``length``, the tokens of a sequence; a default of this argument is
    the task's usual length. Every further argument is an option with a type and a default: it is
    set as ``task.NAME``. The constructor sets ``vocab_size``, the number of different tokens (None
    for real numbers), and ``num_outputs``, the number of different targets.

    The hash of a sequence's inputs decides its split. No sequence is in two splits, whatever
    ``draw`` gives.

    Attributes:
        name: the value of ``task.name``; empty for the class's name in snake_case.
        metric: ``accuracy``, ``bits per byte`` or ``bits per character``.
        readout: ``each`` position is scored, or the ``mean`` over time: then there is one target a
            sequence, and a bidirectional model may be trained.
        ranges: the allowed values of options, by name, such as ``{"symbols": POSITIVE}``.
    """

    name: ClassVar[str] = ""
    metric: ClassVar[str] = "accuracy"
    ranges: ClassVar[Mapping[str, Range]] = {}

    def __init__(self) -> None:
        """Begin without options: an author's constructor sets more."""

    @abstractmethod
    def draw(self, count: int, random: torch.Generator) -> Batch:
        """``count`` fresh sequences, a function of ``random`` alone.

        Returns:
            inputs (count, L), int64 tokens or float32 numbers, and targets, int64: (count, L), or
            (count, 1) where ``readout`` is ``mean``. A target that is ``IGNORED`` does not count.
        """

    def begin(self, task: OutsideTask, seed: int) -> None:
        """Take the config and the seed, before any data are asked for."""
        self._config, self._seed = task, seed
        self._splitter = Splitter(task.length)
        if not hasattr(self, "chance"):
            guess = 1 / self.num_outputs, math.log2(self.num_outputs)
            self.chance = guess[self.metric != "accuracy"]

    def train_batch(self, step: int, batch_size: int) -> Batch:
        """Fresh sequences of the training split."""
        return self._fill("train", batch_size, generator(self._seed, "train", step))

    def validation(self, rows: slice = ALL) -> Batch:
        """``rows`` of the ``eval_sequences`` sequences."""
        return _rows(self._validation, rows)

    def test(self, rows: slice = ALL) -> Batch:
        """``rows`` of the ``test_sequences`` sequences."""
        return _rows(self._test, rows)

    def score(self, logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
        """The sum and the count of the task's metric."""
        return (accuracy if self.metric == "accuracy" else bits)(logits_BLV, targets_BL)

    @cached_property
    def _validation(self) -> Batch:
        count = self._config.eval_sequences
        return self._fill("validation", count, generator(self._seed, "validation"))

    @cached_property
    def _test(self) -> Batch:
        return self._fill("test", self._config.test_sequences, generator(self._seed, "test"))

    def _fill(self, split: Split, count: int, random: torch.Generator) -> Batch:
        """``count`` sequences of ``split``.

        Raises:
            UserError: the task has (almost) no sequences there, or draws something else.
        """
        kept: list[Batch] = []
        for _ in range(ROUNDS):
            drawn = self.checked(self.draw(16 + 2 * count, random), 16 + 2 * count)
            mine_B = self._splitter.belongs(_as_tokens(drawn.inputs_BL), split)
            kept.append(Batch(drawn.inputs_BL[mine_B], drawn.targets_BL[mine_B]))
            if sum(len(batch.inputs_BL) for batch in kept) >= count:
                inputs_BL = torch.cat([batch.inputs_BL for batch in kept])
                targets_BL = torch.cat([batch.targets_BL for batch in kept])
                return _rows(Batch(inputs_BL, targets_BL), slice(count))
        raise UserError(
            f"task.name={self._config.name} draws too few different sequences for the {split} "
            "split: draw more of them, or raise task.length"
        )

    def checked(self, drawn: object, count: int) -> Batch:
        """Return what ``draw`` gave for ``count`` sequences.

        Raises:
            UserError: it is no batch of inputs and targets as ``draw`` promises them.
        """
        name, length = self._config.name, self._config.length
        require(
            isinstance(drawn, Batch) and drawn.lengths_B is None,
            f"task.name={name}: draw must return Batch(inputs_BL, targets_BL), not a "
            f"{type(drawn).__name__}",
        )
        assert isinstance(drawn, Batch)
        inputs_BL, targets_BL = drawn.inputs_BL, drawn.targets_BL
        numbers = torch.float32 if self.vocab_size is None else torch.int64
        scored = length if self.readout == "each" else 1
        _check_tensor(name, "inputs", inputs_BL, (count, length), numbers)
        _check_tensor(name, "targets", targets_BL, (count, scored), torch.int64)
        _check_values(name, "inputs", inputs_BL, self.vocab_size)
        counted = targets_BL[targets_BL != IGNORED]
        require(counted.numel() > 0, f"task.name={name}: draw gives no target that counts")
        _check_values(name, "targets", counted, self.num_outputs)
        return Batch(inputs_BL, targets_BL)


def _check_tensor(
    name: str, what: str, tensor: Any, shape: tuple[int, int], kind: torch.dtype
) -> None:
    is_tensor = isinstance(tensor, Tensor)
    found = f"{tuple(tensor.shape)} of {tensor.dtype}" if is_tensor else type(tensor).__name__
    require(
        is_tensor and tensor.shape == shape and tensor.dtype == kind,
        f"task.name={name}: the {what} of draw({shape[0]}, random) must be {shape} of {kind}, not "
        f"{found}",
    )


def _check_values(name: str, what: str, values: Tensor, symbols: int | None) -> None:
    if symbols is None:
        require(bool(values.isfinite().all()), f"task.name={name}: draw gives {what} of NaN")
        return
    low, high = int(values.min()), int(values.max())
    require(
        0 <= low <= high < symbols,
        f"task.name={name}: the {what} of draw must be from 0 to {symbols - 1}, not {low} to "
        f"{high}",
    )


def _rows(batch: Batch, rows: slice) -> Batch:
    return Batch(batch.inputs_BL[rows], batch.targets_BL[rows])


def _as_tokens(inputs_BL: Tensor) -> Tensor:
    """The inputs as integers; equal ones for equal numbers."""
    return inputs_BL.view(torch.int32) if inputs_BL.is_floating_point() else inputs_BL
