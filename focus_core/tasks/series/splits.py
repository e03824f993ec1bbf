"""A person's series, split, standardised and padded: what classifying and forecasting share.

Where the data have a training and a test part, as the files of the UCR and UEA archives do, the
test part is the test split. Otherwise a share of each class is cut for the test. A share of each
class of the rest is cut for validation. The cuts are the same for every seed and every arm. Each
channel is standardised by its mean and deviation over the training split alone, after the cut and
without padding. Shorter sequences are padded with zeros behind their end.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from focus_core.data.own import read_own
from focus_core.data.series import SeriesHead, unpack
from focus_core.tasks.base import ALL, Batch, Split, Task, generator, visits
from focus_core.tasks.series import (
    OwnSeriesConfig,
    check_fits,
    check_parts,
    read_head,
    tested_counts,
    validation_counts,
)

ROWS_AT_ONCE = 64
"""Sequences in a batch that is scored at the end; this bounds memory and changes no score."""


class Sequences(NamedTuple):
    """Sequences of one split, standardised by the training split.

    Values are (N, L, C) float32, lengths and classes (N,) int64, targets (N, K) float32, with K = 0
    where there are none.
    """

    values_NLC: Tensor  # noqa: N815
    lengths_N: Tensor  # noqa: N815
    classes_N: Tensor  # noqa: N815
    targets_NK: Tensor  # noqa: N815

    def at(self, which_B: Tensor) -> Sequences:
        """The sequences at these places."""
        return Sequences(*(part[which_B] for part in self))


class OwnSeries(Task):
    """A person's series; a subclass says what is asked of them (``_batch``), and scores it.

    Raises:
        UserError: the data are not there, or the options ask for more than they have.
    """

    vocab_size = None

    def __init__(self, task: OwnSeriesConfig, seed: int) -> None:
        self._task, self._seed = task, seed
        head = read_head(read_own(task.own_data()))
        task.check_head(head)
        self.classes = head.classes
        spare = head.longest() - task.positions(head.longest())
        self._splits = read_splits(
            task.own_data(), task.length + spare, task.validation_share, task.test_share
        )
        self.channels = head.channels
        check_fits("eval_sequences", task.eval_sequences, self._size("validation"))
        check_fits("test_sequences", task.test_sequences, self._size("test"))

    def train_batch(self, step: int, batch_size: int) -> Batch:
        """The next sequences, in a new order every epoch."""
        size = self._size("train")
        order_B = visits(self._seed, size, step * batch_size, batch_size)
        return self._batch(self._splits["train"].at(order_B))

    def validation(self, rows: slice = ALL) -> Batch:
        """``rows`` of the first ``eval_sequences`` validation sequences."""
        which_B = torch.arange(self._task.eval_sequences)[rows]
        return self._batch(self._splits["validation"].at(which_B))

    def test(self, rows: slice = ALL) -> Batch:
        """``rows`` of the first ``test_sequences`` test sequences."""
        which_B = torch.arange(self._task.test_sequences)[rows]
        return self._batch(self._splits["test"].at(which_B))

    def test_in_parts(self) -> Iterator[Batch]:
        """All of the test sequences, a few at a time."""
        for start in range(0, self._task.test_sequences, ROWS_AT_ONCE):
            yield self.test(slice(start, start + ROWS_AT_ONCE))

    def _size(self, split: Split) -> int:
        return len(self._splits[split].classes_N)

    @abstractmethod
    def _batch(self, part: Sequences) -> Batch:
        """The inputs and targets of these sequences."""


@lru_cache(maxsize=2)
def read_splits(
    digest: str, length: int, validation_share: float, test_share: float | None
) -> dict[Split, Sequences]:
    """Every split, standardised by the training split.

    Args:
        digest: the SHA-256 of the data.
        length: positions of a sequence with its padding.
        validation_share: of each class in training, what is cut for validation.
        test_share: of each class, what is cut for the test; None where the data have a test part.

    Raises:
        UserError: the data are not there, or the options do not fit them.
    """
    content = read_own(digest)
    head = read_head(content)
    check_fits("length", length, head.longest())
    check_parts(head, test_share)
    whole = _padded(head, unpack(content)[1], length)
    order_N = torch.arange(len(whole.classes_N))
    count = len(head.train.labels)
    train_N, test_N = order_N[:count], order_N[count:]
    if test_share is not None:
        test_N, train_N = _cut(whole, train_N, tested_counts(head, test_share), "own test")
    left = Counter(whole.classes_N[train_N].tolist())
    taken = validation_counts(left, validation_share)
    validation_N, train_N = _cut(whole, train_N, taken, "own validation")
    scales = moments(whole.at(train_N))
    places: dict[Split, Tensor] = {"train": train_N, "validation": validation_N, "test": test_N}
    return {split: _standardised(whole.at(which_N), *scales) for split, which_N in places.items()}


class Scale(NamedTuple):
    """The mean and the standard deviation of each channel, or of each target, float64."""

    mean: Tensor
    std: Tensor

    def applied(self, values: Tensor) -> Tensor:
        """``values`` in this scale, float32."""
        return ((values.double() - self.mean) / self.std).float()


def moments(sequences: Sequences) -> tuple[Scale, Scale]:
    """The scale of the channels, without padding, and that of the targets."""
    return _scale(sequences.values_NLC[_is_own(sequences)]), _scale(sequences.targets_NK)


def _scale(values: Tensor) -> Scale:
    """Over the first dimension; the deviation of what never changes is 1, so that it becomes 0."""
    mean = values.double().mean(dim=0)
    std = (values.double() - mean).square().mean(dim=0).sqrt()
    return Scale(mean, std.where(std > 0, 1.0))


def _is_own(sequences: Sequences) -> Tensor:
    """Which positions are no padding, (N, L) bool."""
    length = sequences.values_NLC.shape[1]
    return torch.arange(length) < sequences.lengths_N[:, None]


def _standardised(sequences: Sequences, of_values: Scale, of_targets: Scale) -> Sequences:
    values_NLC = of_values.applied(sequences.values_NLC)
    padding_NL1 = ~_is_own(sequences)[..., None]
    return sequences._replace(
        values_NLC=values_NLC.masked_fill(padding_NL1, 0.0),
        targets_NK=of_targets.applied(sequences.targets_NK),
    )


def _padded(head: SeriesHead, numbers: memoryview, length: int) -> Sequences:
    """Every sequence, training before test, with zeros behind its end."""
    lengths = head.train.lengths + head.test.lengths
    flat_PC = torch.frombuffer(bytearray(numbers), dtype=torch.float32).view(-1, head.channels)
    values_NLC = torch.zeros(len(lengths), length, head.channels)
    for row_LC, own_LC in zip(values_NLC, torch.split(flat_PC, lengths), strict=True):
        row_LC[: len(own_LC)] = own_LC
    classes_N = torch.tensor(head.train.labels + head.test.labels)
    rows = head.train.targets + head.test.targets
    targets_NK = torch.tensor(rows, dtype=torch.float64) if rows else torch.zeros(len(lengths), 0)
    return Sequences(values_NLC, torch.tensor(lengths), classes_N, targets_NK)


def _cut(
    whole: Sequences, from_N: Tensor, counts: Mapping[int, int], purpose: str
) -> tuple[Tensor, Tensor]:
    """The places that a part takes of each class, in a fixed random order, and those that stay."""
    order_N = from_N[torch.randperm(len(from_N), generator=generator(0, purpose))]
    classes_N = whole.classes_N[order_N]
    taken = [order_N[classes_N == label][:count] for label, count in counts.items()]
    part_N = order_N[torch.isin(order_N, torch.cat(taken))]
    return part_N, from_N[~torch.isin(from_N, part_N)]
