"""Multi-query associative recall: all pairs first, then every key again, at power-law gaps.

With 2 pairs and ``length`` = 8, the inputs have 8 tokens. ``*`` is any symbol, and ``-`` is a
target that does not count::

    inputs   b 2 a 4 a * b *
    targets  - - - - 4 - 2 -

Keys and values are drawn without replacement, and every key is queried once. The gap between the
pairs and a key's query follows p(i) ~ i^(a - 1) with a = 0.01: most queries come soon, some very
late. Every other token is noise, uniform over all symbols, or the blank, 0, where
``random_non_queries`` is off. The ids are 0 for the blank, keys from 1, then the values. Zoology's
8,192 symbols are ``keys`` = 4095 and ``values`` = 4096 (Arora et al. 2023, arXiv 2312.04927, and
HazyResearch/zoology's multi-query task).

Published numbers (settings in ``focus_core.tasks.protocols``):

- Zoology's figure 2: blanks; 64 tokens and 4 pairs, 128 and 8, 256 and 16, or 512 and 64;
  100,000 training sequences, 64 epochs, four learning rates from 1e-4 to 1e-2; accuracy on 3,000
  other sequences (zoology, experiments/.../iclr24_zoology_figure2/configs.py).
- Based's figure 2: noise, ``mixture`` = based; 180,000 training sequences, 32 epochs, four
  learning rates from 1e-3 to 0.032; mean accuracy on 7,000 other sequences
  (.../arxiv24_based_figure2/configs.py).

Zoology and Based report the best epoch's score on the test split; this project selects on the
validation split. Their batches come in the same order in every epoch, one part of a mixture after
another; the batches of this project come in a new order in every epoch.
"""

from __future__ import annotations

import torch
from torch import Tensor

from focus_core.tasks.base import IGNORED, Batch, FirstSeen, Task, parts
from focus_core.tasks.drawn import Drawn
from focus_core.tasks.mqar import MqarConfig
from focus_core.tasks.mqar.mixture import mixture

POWER = 0.01  # a of the law of gaps
ORACLE_COMPARISONS = 2**24
LOTS = 2**22
"""Most numbers in memory at once. ``ORACLE_COMPARISONS`` and ``LOTS`` change no result."""


def build(task: MqarConfig, seed: int) -> Task:
    """Build multi-query recall for one seed: one length, or the published mixture."""
    if task.mixture == "based":
        return mixture(task, seed, Mqar)
    return Mqar(task, seed)


class Mqar(Drawn[MqarConfig]):
    """See the module, and ``base.Task``."""

    def __init__(self, task: MqarConfig, seed: int) -> None:
        self.chance = 1 / task.values
        symbols = 1 + task.keys + task.values
        slots = (task.length - 2 * task.pairs) // 2  # where a query may stand, every other token
        self._gap_p = torch.arange(1, slots + 1, dtype=torch.float64) ** (POWER - 1)
        # A drawn sequence is the inputs, then the targets; a target of 0 does not count.
        tokens = 2 * task.length
        super().__init__(task, seed, symbols=symbols, tokens=tokens)

    def window_ceiling(self, first_seen: FirstSeen) -> float:
        """Accuracy of an oracle that is right where it sees the queried pair, else guesses.

        The oracle rules out each value that it sees with another key. Where the window cuts a pair
        in two, the oracle answers with that pair's value if this is more likely to be right than
        another guess. The noise or blanks between the queries tell the oracle nothing.
        """
        start_L = torch.tensor([first_seen(at) for at in range(self._task.length)])
        at_once = max(1, ORACLE_COMPARISONS // self._task.pairs**2)
        right = sum(
            float(self._oracle(self._batch(rows_BT.long(), training=False), start_L).sum())
            for rows_BT in parts(self._test_BT, at_once)
        )
        return right / (self._task.test_sequences * self._task.pairs)

    def key_place(self, row: int) -> int:
        """The place, among the pairs of a test sequence, of the key of its last query."""
        inputs_BL, targets_BL, _ = self.test(slice(row, row + 1))
        last = int((targets_BL[0] != IGNORED).nonzero()[-1])
        same_N = inputs_BL[0, : 2 * self._task.pairs : 2] == inputs_BL[0, last]
        return 2 * int(same_N.nonzero()[0])

    def _oracle(self, batch: Batch, start_L: Tensor) -> Tensor:
        """The oracle's chance to answer each query right, (B, N); it sees from ``start_L`` on."""
        pairs = self._task.pairs
        at_BN = (batch.targets_BL != IGNORED).nonzero()[:, 1].view(-1, pairs)
        asked_BN1 = batch.inputs_BL.gather(1, at_BN)[:, :, None]
        keys_B1N = batch.inputs_BL[:, None, : 2 * pairs : 2]
        place_BN = (asked_BN1 == keys_B1N).long().argmax(dim=2)  # the queried pair
        start_BN = start_L[at_BN]
        first_BN = (start_BN + 1) // 2  # the first whole pair in sight
        unseen_BN = self._task.values - (pairs - first_BN).clamp(min=0)
        guess_BN = 1 / unseen_BN.double()
        cut_BN = (start_BN % 2 == 1) & (start_BN < 2 * pairs)  # the first token in sight is a value
        trusted_BN = torch.where(cut_BN, 1 / first_BN.double(), 0.0)
        return torch.where(place_BN >= first_BN, 1.0, torch.maximum(guess_BN, trusted_BN))

    def _batch(self, tokens_BT: Tensor, *, training: bool) -> Batch:  # noqa: ARG002
        """Only the answers count, also in training."""
        inputs_BL, answers_BL = tokens_BT.chunk(2, dim=1)
        return Batch(inputs_BL, answers_BL.masked_fill(answers_BL == 0, IGNORED))

    def _draw(self, count: int, random: torch.Generator) -> Tensor:
        task, L, N = self._task, self._task.length, self._task.pairs
        keys_BN = 1 + _different(count, task.keys, N, random)
        values_BN = 1 + task.keys + _different(count, task.values, N, random)
        law_BS = self._gap_p.expand(count, -1)
        slots_BN = torch.multinomial(law_BS, N, generator=random)  # without replacement
        at_BN = 2 * N + 2 * slots_BN
        tokens_BT = torch.zeros((count, 2 * L), dtype=torch.int64)
        if task.random_non_queries:
            tokens_BT[:, :L] = torch.randint(self.num_outputs, (count, L), generator=random)
        tokens_BT[:, 0 : 2 * N : 2] = keys_BN
        tokens_BT[:, 1 : 2 * N : 2] = values_BN
        return tokens_BT.scatter_(1, at_BN, keys_BN).scatter_(1, L + at_BN, values_BN)


def _different(count: int, symbols: int, chosen: int, random: torch.Generator) -> Tensor:
    """``chosen`` different ids of ``symbols``, (count, chosen), with all orders equally likely.

    The function draws a few rows at a time, because the random numbers of 100,000 sequences with
    8,192 symbols would fill memory.
    """
    at_once = max(1, LOTS // symbols)
    return torch.cat(
        [
            torch.rand((min(at_once, count - row), symbols), generator=random)
            .topk(chosen, dim=1)
            .indices
            for row in range(0, count, at_once)
        ]
    )
