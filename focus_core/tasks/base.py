"""What a task is, and how every task keeps its data seeded and its splits apart.

Data are never stored: a batch is a function of (config, seed, step), so that a resumed trial needs
no data state, and every arm of a sweep sees the same sequences in the same order.
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

# One sequence in ten is for validation and one for testing, whatever the seed.
_TENTHS: dict[Split, tuple[int, ...]] = {
    "validation": (0,),
    "test": (1,),
    "train": (2, 3, 4, 5, 6, 7, 8, 9),
}
_ROUNDS = 50  # attempts at filling a split before its space of sequences counts as exhausted
_TOKENS_AT_ONCE = 2**22  # of 8 bytes: what is drawn and mostly thrown away must not fill memory

Draw = Callable[[int, torch.Generator], Tensor]
"""``draw(count, generator) -> tokens_BT``: fresh sequences, answer included."""


Predict = Callable[[Tensor], Tensor]
"""``predict(inputs_BL) -> logits_BLV``: a trained network in evaluation mode, without gradients."""

FirstSeen = Callable[[int], int]
"""From a position to the first token that its window holds; see ``ModelConfig.first_seen``."""

ALL = slice(None)


class Batch(NamedTuple):
    """What goes in, (B, L): tokens as int64 or real numbers as float32; and what is wanted, int64.

    Targets are (B, L), or (B, 1) where the read-out is the mean over time. Those that are
    ``IGNORED`` do not count.
    """

    inputs_BL: Tensor  # noqa: N815
    targets_BL: Tensor  # noqa: N815


class Task(Protocol):
    """The data, the target and the score of one replicate (one seed)."""

    vocab_size: int | None
    """How many different tokens; None where the inputs are real numbers."""
    num_outputs: int
    readout: Literal["each", "mean"] = "each"
    """What is scored: every position's logits, or their mean over time."""
    chance: float
    """The metric of a guesser that read nothing."""
    test_count: int | None = None
    """Sequences that ``test`` has; None: as many as the config's ``test_sequences``."""

    def train_batch(self, step: int, batch_size: int) -> Batch:
        """The batch of that step: a pure function of (config, seed, step, batch size)."""
        ...

    def validation(self, rows: slice = ALL) -> Batch:
        """The sequences to select on: fixed for a seed, disjoint from training and test.

        Args:
            rows: which of them; whole sets of long sequences would fill memory.
        """
        ...

    def test(self, rows: slice = ALL) -> Batch:
        """The sequences to report on: fixed for a seed, disjoint from training and validation."""
        ...

    def score(self, logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
        """A sum over these sequences and its count; the metric is the ratio of all such."""
        ...

    def window_ceiling(self, first_seen: FirstSeen) -> float | None:  # noqa: ARG002  a default
        """The best metric, on the test set, of a model that sees no token before a window's first.

        Args:
            first_seen: from a position to the first token that is seen there.

        Returns:
            None where nobody knows.
        """
        return None

    def key_place(self, row: int) -> int | None:  # noqa: ARG002  a default
        """Where, in a test sequence, the key last stood that its last query asks for.

        None where the task has no such place.
        """
        return None

    def loss_floor(self) -> float:
        """Nats a scored training token that no causal model can beat; below it, one cheats.

        0 where any loss is possible.
        """
        return 0.0

    def constants(self) -> dict[str, float]:
        """What identifies the data, reported beside every score."""
        return {}

    def closing_scores(self, predict: Predict) -> dict[str, float]:  # noqa: ARG002  a default
        """Further numbers on the test split, for the end of the budget."""
        return {}


def accuracy(logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
    """How many targets that count are answered rightly, and how many there are."""
    counted_BL = targets_BL != IGNORED
    right_BL = (logits_BLV.argmax(dim=-1) == targets_BL) & counted_BL
    return float(right_BL.sum()), float(counted_BL.sum())


def nats(logits_BLV: Tensor, targets_BL: Tensor, *, reduction: str = "sum") -> Tensor:
    """Cross-entropy in nats over the targets that count: their ``sum`` or ``mean``."""
    return functional.cross_entropy(
        logits_BLV.flatten(0, 1), targets_BL.flatten(), ignore_index=IGNORED, reduction=reduction
    )


def bits(logits_BLV: Tensor, targets_BL: Tensor) -> tuple[float, float]:
    """Cross-entropy in bits (nats / ln 2) over the targets that count, and how many there are."""
    scored = float((targets_BL != IGNORED).sum())
    return nats(logits_BLV, targets_BL).item() / math.log(2), scored


def generator(seed: int, purpose: str, index: int = 0) -> torch.Generator:
    """Random numbers of their own for every (seed, purpose, index)."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{index}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))


class Splitter:
    """Says which split a sequence belongs to, from the sequence alone: a 64-bit hash decides.

    Since neither the seed nor the step enters, no sequence can be in two splits, over all seeds.
    """

    def __init__(self, length: int, symbols: int = 2**31) -> None:
        """For sequences of ``length`` tokens out of ``symbols``."""
        self._dtype = _compact(symbols)
        # Odd random weights: sequences that differ in one place only never collide.
        random = generator(0, "split")
        self._weights_T = torch.randint(2**62, (length,), generator=random) * 2 + 1

    def keys(self, tokens_BT: Tensor) -> Tensor:
        """The 64-bit hash of each sequence, (B,) int64."""
        hash_B = ((tokens_BT.long() + 1) * self._weights_T).sum(dim=1)  # wraps modulo 2^64
        # Multiply and fold twice: every bit of the sum comes to bear on every bit of the hash.
        hash_B = _fold(hash_B, 32) * 0x6A09E667F3BCC909
        hash_B = _fold(hash_B, 29) * 0x3C6EF372FE94F82B
        return _fold(hash_B, 32)

    def belongs(self, tokens_BT: Tensor, split: Split) -> Tensor:
        """Is each sequence one of that split? (B,) bool."""
        tenth_B = self.keys(tokens_BT) % 10  # never negative in torch
        low, high = _TENTHS[split][0], _TENTHS[split][-1]
        return (tenth_B >= low) & (tenth_B <= high)

    def fill(self, draw: Draw, count: int, split: Split, random: torch.Generator) -> Tensor:
        """``count`` fresh sequences of that split, (count, T); they may repeat.

        They come in the smallest integer type that holds them: of 65,536 tokens, 64 KiB each.

        Raises:
            UserError: the task has (almost) no sequences in that split.
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
        """``count`` different sequences of that split, (count, T).

        Raises:
            UserError: the task has too few different sequences for that.
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
    """``size`` rows at a time."""
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


def visits(seed: int, size: int, first: int, count: int) -> Tensor:
    """Which of a finite set of ``size`` come at visits ``first`` to ``first + count - 1``.

    Every epoch has all of them once, in an order of its own.
    """
    epochs = range(first // size, (first + count - 1) // size + 1)
    order = [torch.randperm(size, generator=generator(seed, "order", epoch)) for epoch in epochs]
    return torch.cat(order)[first - epochs[0] * size :][:count]


def _compact(symbols: int) -> torch.dtype:
    if symbols <= 2**8:
        return torch.uint8
    return torch.int16 if symbols <= 2**15 else torch.int32 if symbols <= 2**31 else torch.int64


def _fold(hash_B: Tensor, bits: int) -> Tensor:
    shifted_B = (hash_B >> bits) & (2 ** (64 - bits) - 1)  # without the sign that >> drags along
    folded_B: Tensor = hash_B ^ shifted_B
    return folded_B


def _too_few(split: Split, count: int, found: int) -> str:
    field = {"validation": "eval_sequences", "test": "test_sequences", "train": "train_sequences"}
    return (
        f"the task has only about {found} different {split} sequences where {count} are asked "
        f"for: lower task.{field[split]}, or raise task.length, task.keys or task.values"
    )
