"""Multi-query associative recall: all pairs first, then every key again, at power-law gaps.

With 2 pairs, 8 tokens go in (``*`` is any symbol, ``-`` a target that does not count)::

    inputs   b 2 a 4 a * b *
    targets  - - - - 4 - 2 -

Keys and values are drawn without replacement, every key is queried once, and the gap between the
pairs and a key's query follows p(i) ~ i^(a - 1) with a = 0.01: most come soon, some very late.
Whatever is no pair and no query is noise, uniform over all symbols. Ids: 0 for blank, keys from 1,
then the values; zoology's 8,192 symbols are ``keys`` = 4095 and ``values`` = 4096 (Arora et al.
2023, arXiv 2312.04927, and HazyResearch/zoology's multi-query task).
"""

from __future__ import annotations

import torch
from torch import Tensor

from focus_core.config import TaskConfig
from focus_core.tasks.base import IGNORED, Batch, FirstSeen, Task
from focus_core.tasks.drawn import Drawn

POWER = 0.01  # a of the law of gaps


def build(task: TaskConfig, seed: int) -> Task:
    """Multi-query recall for one seed."""
    return Mqar(task, seed)


class Mqar(Drawn):
    """See the module, and ``base.Task``."""

    def __init__(self, task: TaskConfig, seed: int) -> None:
        self.chance = 1 / task.values
        symbols = 1 + task.keys + task.values
        slots = (task.length - 2 * task.pairs) // 2  # where a query may stand, every other token
        self._gap_p = torch.arange(1, slots + 1, dtype=torch.float64) ** (POWER - 1)
        # A drawn sequence is the inputs, then the targets, with 0 for one that does not count.
        tokens = 2 * task.length
        super().__init__(task, seed, symbols=symbols, tokens=tokens)

    def window_ceiling(self, first_seen: FirstSeen) -> float:
        """Accuracy of an oracle that is right where it sees the queried pair, else guesses.

        It rules out the values it sees with another key, and trusts one whose key was cut off as
        far as it may.
        """
        right = 0.0
        for row in range(self._task.test_sequences):
            inputs_BL, targets_BL = self.test(slice(row, row + 1))
            for at in (targets_BL[0] != IGNORED).nonzero()[:, 0].tolist():
                right += self._oracle(inputs_BL[0], at, first_seen(at))
        return right / (self._task.test_sequences * self._task.pairs)

    def key_place(self, row: int) -> int:
        """Where, among the pairs of a test sequence, the key of its last query stands."""
        inputs_BL, targets_BL = self.test(slice(row, row + 1))
        last = int((targets_BL[0] != IGNORED).nonzero()[-1])
        same_N = inputs_BL[0, : 2 * self._task.pairs : 2] == inputs_BL[0, last]
        return 2 * int(same_N.nonzero()[0])

    def _oracle(self, inputs_L: Tensor, at: int, start: int) -> float:
        """Its chance to answer the query at ``at``, seeing from ``start`` on."""
        pairs, first = self._task.pairs, (start + 1) // 2  # the first whole pair in sight
        seen = max(0, pairs - first)
        keys_N = inputs_L[2 * first : 2 * pairs : 2]
        if bool((keys_N == inputs_L[at]).any()):
            return 1.0
        cut = start % 2 == 1 and start < 2 * pairs  # the value of an unseen key
        return max(1 / first if cut else 0.0, 1 / (self._task.values - seen))

    def _batch(self, tokens_BT: Tensor, *, training: bool) -> Batch:  # noqa: ARG002
        """The answers count, in training as well."""
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
        tokens_BT[:, :L] = torch.randint(self.num_outputs, (count, L), generator=random)
        tokens_BT[:, 0 : 2 * N : 2] = keys_BN
        tokens_BT[:, 1 : 2 * N : 2] = values_BN
        return tokens_BT.scatter_(1, at_BN, keys_BN).scatter_(1, L + at_BN, values_BN)


def _different(count: int, symbols: int, chosen: int, random: torch.Generator) -> Tensor:
    """``chosen`` different ones of ``symbols``, (count, chosen), all orders equally likely."""
    return torch.rand((count, symbols), generator=random).topk(chosen, dim=1).indices
