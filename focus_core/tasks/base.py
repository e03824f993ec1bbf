"""The interface of a task, and the tools that keep data seeded and score them.

Data are never stored. A batch is a function of (config, seed, step). Therefore a resumed trial
needs no data state, and every arm of a sweep sees the same sequences in the same order.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn import functional

IGNORED = -100  # a target that no loss and no score counts
Split = Literal["train", "validation", "test"]

Predict = Callable[..., Tensor]
"""``predict(inputs_BL, lengths_B=None) -> logits_BLV``: a trained network in evaluation mode,
without gradients."""

FirstSeen = Callable[[int], int]
"""Maps a position to the first token in its window; see ``ModelConfig.first_seen``."""

ALL = slice(None)


class Batch(NamedTuple):
    """Inputs and targets. Inputs are int64 tokens (B, L), or float32 real numbers (B, L).

    Real numbers of several channels are (B, L, channels). Targets are int64, (B, L), or (B, 1)
    where the read-out is the mean over time. A target that is ``IGNORED`` does not count. Where
    sequences are of unequal lengths, ``lengths_B`` says how many positions of each are its own; the
    rest is padding, which nothing may depend on. None: there is no padding.
    """

    inputs_BL: Tensor  # noqa: N815
    targets_BL: Tensor  # noqa: N815
    lengths_B: Tensor | None = None  # noqa: N815


class Task(Protocol):
    """The data, the target and the score of one replicate (one seed)."""

    vocab_size: int | None
    """Number of different tokens; None where the inputs are real numbers."""
    channels: int = 1
    """Real numbers at a position; 1 for tokens."""
    num_outputs: int
    readout: Literal["each", "mean"] = "each"
    """What is scored: the logits at each position, or their mean over time."""
    chance: float
    """The metric of a guess that ignores the inputs."""
    test_count: int | None = None
    """Number of sequences in ``test``; None means the config's ``test_sequences``."""

    def train_batch(self, step: int, batch_size: int) -> Batch:
        """Return the batch of a step: a pure function of (config, seed, step, batch size)."""
        ...

    def validation(self, rows: slice = ALL) -> Batch:
        """Return the sequences to select on: fixed for a seed, disjoint from training and test.

        Args:
            rows: which sequences to return; a whole set of long sequences would fill memory.
        """
        ...

    def test(self, rows: slice = ALL) -> Batch:
        """Return the sequences to report on: fixed for a seed, disjoint from the other splits."""
        ...

    def score(self, logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
        """Return a sum and a count for these sequences; the metric is all sums over all counts."""
        ...

    def loss(self, logits_BLV: Tensor, targets_BL: Tensor, *, reduction: str = "sum") -> Tensor:
        """What training lowers: the ``sum`` or ``mean`` over the targets that count, in nats.

        A task whose targets are real numbers has a squared error in its place.
        """
        return nats(logits_BLV, targets_BL, reduction=reduction)

    def counted(self, targets_BL: Tensor) -> float:
        """The number of targets that count in the loss."""
        return float((targets_BL != IGNORED).sum())

    def window_ceiling(self, first_seen: FirstSeen) -> float | None:  # noqa: ARG002  a default
        """The best test metric of a model that sees no token before the first of its window.

        Args:
            first_seen: maps a position to the first token that the model sees there.

        Returns:
            None where the best metric is not known.
        """
        return None

    def key_place(self, row: int) -> int | None:  # noqa: ARG002  a default
        """The place, in a test sequence, of the key that the last query asks for.

        None where the task has no such place.
        """
        return None

    def loss_floor(self) -> float:
        """The lowest loss of any causal model, in nats for each scored training token.

        A lower loss means that the model sees the future. 0 where any loss is possible.
        """
        return 0.0

    def constants(self) -> dict[str, float]:
        """Numbers that identify the data; every report has them beside the score."""
        return {}

    def closing_scores(self, predict: Predict) -> dict[str, float]:  # noqa: ARG002  a default
        """Further scores on the test split, computed at the end of the budget."""
        return {}


def accuracy(logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
    """Return how many of the targets that count are right, and how many targets count."""
    counted_BL = targets_BL != IGNORED
    right_BL = (logits_BLV.argmax(dim=-1) == targets_BL) & counted_BL
    return float(right_BL.sum()), float(counted_BL.sum())


def nats(logits_BLV: Tensor, targets_BL: Tensor, *, reduction: str = "sum") -> Tensor:
    """Cross-entropy in nats over the targets that count: their ``sum`` or ``mean``."""
    return functional.cross_entropy(
        logits_BLV.flatten(0, 1), targets_BL.flatten(), ignore_index=IGNORED, reduction=reduction
    )


def bits(logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
    """Summed cross-entropy in bits (nats / ln 2) of the targets that count, and their number."""
    scored = float((targets_BL != IGNORED).sum())
    return nats(logits_BLV, targets_BL).item() / math.log(2), scored


def generator(seed: int, purpose: str, index: int = 0) -> torch.Generator:
    """A separate random generator for every (seed, purpose, index)."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{index}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))


def parts(whole: Tensor, size: int) -> Iterator[Tensor]:
    """Yield ``whole`` in parts of at most ``size`` rows."""
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


def visits(seed: int, size: int, first: int, count: int) -> Tensor:
    """The indices, in a set of ``size``, of visits ``first`` to ``first + count - 1``.

    Every epoch visits each index once, in a new order.
    """
    epochs = range(first // size, (first + count - 1) // size + 1)
    order = [torch.randperm(size, generator=generator(seed, "order", epoch)) for epoch in epochs]
    return torch.cat(order)[first - epochs[0] * size :][:count]
