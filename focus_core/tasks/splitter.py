"""Keeps the splits of drawn sequences disjoint: the hash of a sequence decides its split."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from focus_core.errors import UserError
from focus_core.tasks.base import Split, generator, parts

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
