"""The interface of a task, and the tools that keep data seeded and splits disjoint.

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

from focus_core.errors import UserError

IGNORED = -100  # a target that no loss and no score counts
Split = Literal["train", "validation", "test"]

# One sequence in ten is for validation and one in ten for testing, for every seed.
_TENTHS: dict[Split, tuple[int, ...]] = {
    "validation": (0,),
    "test": (1,),
    "train": (2, 3, 4, 5, 6, 7, 8, 9),
}
_ROUNDS = 50  # attempts at filling a split before its space of sequences counts as exhausted
_TOKENS_AT_ONCE = 2**22  # of 8 bytes each; the limit keeps drawn sequences from filling memory

Draw = Callable[[int, torch.Generator], Tensor]
"""``draw(count, generator) -> tokens_BT``: fresh sequences, with their answers."""


Predict = Callable[[Tensor], Tensor]
"""``predict(inputs_BL) -> logits_BLV``: a trained network in evaluation mode, without gradients."""

FirstSeen = Callable[[int], int]
"""Maps a position to the first token in its window; see ``ModelConfig.first_seen``."""

ALL = slice(None)


class Batch(NamedTuple):
    """Inputs (B, L) and targets. Inputs are int64 tokens or float32 real numbers.

    Targets are int64, (B, L), or (B, 1) where the read-out is the mean over time. A target that
    is ``IGNORED`` does not count.
    """

    inputs_BL: Tensor  # noqa: N815
    targets_BL: Tensor  # noqa: N815


class Task(Protocol):
    """The data, the target and the score of one replicate (one seed)."""

    vocab_size: int | None
    """Number of different tokens; None where the inputs are real numbers."""
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


class Splitter:
    """Decides the split of a sequence by a 64-bit hash of the sequence.

    The hash does not depend on the seed or the step. Therefore no sequence is in two splits, even
    across seeds.
    """

    def __init__(self, length: int, symbols: int = 2**31) -> None:
        """For sequences of ``length`` tokens out of ``symbols``."""
        self._dtype = _compact(symbols)
        # Weights are odd: two sequences that differ in one place only never have the same sum.
        random = generator(0, "split")
        self._weights_T = torch.randint(2**62, (length,), generator=random) * 2 + 1

    def keys(self, tokens_BT: Tensor) -> Tensor:
        """The 64-bit hash of each sequence, (B,) int64."""
        hash_B = ((tokens_BT.long() + 1) * self._weights_T).sum(dim=1)  # wraps modulo 2^64
        # Multiply and fold twice, so that every bit of the sum affects every bit of the hash.
        hash_B = _fold(hash_B, 32) * 0x6A09E667F3BCC909
        hash_B = _fold(hash_B, 29) * 0x3C6EF372FE94F82B
        return _fold(hash_B, 32)

    def belongs(self, tokens_BT: Tensor, split: Split) -> Tensor:
        """Whether each sequence belongs to ``split``, (B,) bool."""
        tenth_B = self.keys(tokens_BT) % 10  # never negative in torch
        low, high = _TENTHS[split][0], _TENTHS[split][-1]
        return (tenth_B >= low) & (tenth_B <= high)

    def fill(self, draw: Draw, count: int, split: Split, random: torch.Generator) -> Tensor:
        """``count`` fresh sequences of ``split``, (count, T); sequences may repeat.

        The integer type is the smallest that holds the symbols. With at most 256 symbols, a
        sequence of 65,536 tokens has 64 KiB.

        Raises:
            UserError: the task has (almost) no sequences in ``split``.
        """
        share = len(_TENTHS[split]) / 10
        enough = int(1.15 * count / share) + 24
        ask = min(enough, max(24, _TOKENS_AT_ONCE // len(self._weights_T)))
        kept: list[Tensor] = []
        for _ in range(_ROUNDS * -(-enough // ask)):
            tokens_BT = draw(ask, random)
            kept.append(tokens_BT[self.belongs(tokens_BT, split)].to(self._dtype))
            if sum(map(len, kept)) >= count:
                return torch.cat(kept)[:count]
        raise UserError(_too_few(split, count, sum(map(len, kept))))

    def fill_set(self, draw: Draw, count: int, split: Split, random: torch.Generator) -> Tensor:
        """``count`` different sequences of ``split``, (count, T).

        Raises:
            UserError: the task has fewer than ``count`` different sequences in ``split``.
        """
        seen: dict[int, Tensor] = {}
        for _ in range(_ROUNDS):
            tokens_BT = self.fill(draw, count, split, random)
            at_once = max(1, _TOKENS_AT_ONCE // len(self._weights_T))
            keys_B = torch.cat([self.keys(part_BT) for part_BT in parts(tokens_BT, at_once)])
            for key, tokens_T in zip(keys_B.tolist(), tokens_BT, strict=True):
                seen.setdefault(key, tokens_T)
            if len(seen) >= count:
                return torch.stack(list(seen.values())[:count])
        raise UserError(_too_few(split, count, len(seen)))


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


def _compact(symbols: int) -> torch.dtype:
    if symbols <= 2**8:
        return torch.uint8
    return torch.int16 if symbols <= 2**15 else torch.int32 if symbols <= 2**31 else torch.int64


def _fold(hash_B: Tensor, bits: int) -> Tensor:
    shifted_B = (hash_B >> bits) & (2 ** (64 - bits) - 1)  # the mask removes the copied sign bits
    folded_B: Tensor = hash_B ^ shifted_B
    return folded_B


def _too_few(split: Split, count: int, found: int) -> str:
    field = {"validation": "eval_sequences", "test": "test_sequences", "train": "train_sequences"}
    return (
        f"the task has only about {found} different {split} sequences where {count} are asked "
        f"for: lower task.{field[split]}, or raise task.length, task.keys or task.values"
    )
