"""Associative recall: pairs of keys and values, then one of the keys. The answer is its value.

With pairs (b 2) (a 4) (b 2) and the query a, the inputs have ``length`` = 8 tokens::

    inputs   b 2 a 4 b 2 => a
    targets  2 a 4 b 2 => a 4

Every sequence has its own map from keys to values, with values drawn with replacement. Keys are
drawn with replacement, and the query is uniform over the keys that occur. The vocabulary is the
keys, the values, ``=>`` and ``.`` (which never occurs). Only the last position is scored;
``task.loss`` sets whether training also predicts the other positions. A local window may be enough
to answer, because most keys occur again within a few dozen tokens of the query.
``window_ceiling`` is the score of such a window.

Published numbers are from a fixed training set over epochs (``train_sequences``), with the loss on
all positions and the accuracy of the answer on other sequences. Hyena (Poli et al. 2023, Table
A.1): 2,000 sequences, 200 epochs, batches of 32, learning rate 5e-4, 14 keys and values. The Focus
paper's Table 6 is the same at 1e-4. Safari (HazyResearch/safari,
configs/experiment/synthetics/associative_recall): 5,000 sequences of 42 tokens, 400 epochs, 9 keys
and values, tested on 500; or 20 + 2 tokens, 200 epochs, 4 keys and values. Hyena and Safari score
the test split after every epoch; this project selects on the validation split.
``focus_core.tasks.protocols`` has the settings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from focus_core.tasks.base import IGNORED, Batch, FirstSeen, Task
from focus_core.tasks.drawn import Drawn
from focus_core.tasks.recall import RecallConfig

DrawKeys = Callable[[int, torch.Generator], tuple[Tensor, Tensor]]
"""``(count, generator) -> (keys_BN, query_B)``, ids from 0 to ``task.keys`` - 1."""


def build(task: RecallConfig, seed: int) -> Task:
    """Build associative recall for one seed; the queried key may be near or far."""
    return Recall(task, seed, draw_keys=partial(draw_keys, task), sequence_nats=sequence_nats(task))


def pairs(task: RecallConfig) -> int:
    """Number of key-value pairs in a sequence; two tokens are left for ``=>`` and the query."""
    return (task.length - 2) // 2


def draw_keys(task: RecallConfig, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw uniform keys, (count, N), and queries uniform over the keys of each row, (count,)."""
    keys_BN = torch.randint(task.keys, (count, pairs(task)), generator=random)
    lots_BK = torch.rand((count, task.keys), generator=random)
    occurs_BK = torch.zeros(count, task.keys).scatter_(1, keys_BN, 1.0)
    return keys_BN, (lots_BK + occurs_BK).argmax(dim=1)


def sequence_nats(task: RecallConfig) -> float:
    """Entropy of all targets of a sequence, given its first token: the loss of an ideal reader.

    A key costs log K. A value costs log V where its key is new. The query costs the log of the
    number of different keys that occurred. The ``=>`` and the answer are certain.
    """
    K, V, N = task.keys, task.values, pairs(task)
    # probability_K[d]: of d + 1 different keys so far; one more pair repeats a key or adds one
    probability_K = torch.zeros(K, dtype=torch.float64)
    probability_K[0] = 1.0
    different_K = torch.arange(1, K + 1, dtype=torch.float64)
    for _ in range(N - 1):
        grown_K = (probability_K * (1 - different_K / K)).roll(1)  # its last entry is 0
        probability_K = probability_K * different_K / K + grown_K
    expected = float((probability_K * different_K).sum())
    query = float((probability_K * different_K.log()).sum())
    return (N - 1) * math.log(K) + expected * math.log(V) + query


class Recall(Drawn[RecallConfig]):
    """The recall task, for a given way to draw keys and queries. See ``base.Task``.

    Ids: keys from 0, values from ``keys``, then ``=>`` and ``.``.

    Raises:
        UserError: the task has too few different sequences for three disjoint splits.
    """

    def __init__(
        self, task: RecallConfig, seed: int, *, draw_keys: DrawKeys, sequence_nats: float
    ) -> None:
        """``sequence_nats`` is the entropy of a sequence's targets, given its first token."""
        self.chance = 1 / task.values
        self._draw_keys, self._sequence_nats = draw_keys, sequence_nats
        super().__init__(task, seed, symbols=task.keys + task.values + 2, tokens=task.length + 1)

    def window_ceiling(self, first_seen: FirstSeen) -> float:
        """Accuracy of an oracle that is right where it sees the queried pair, else guesses.

        A value whose key is cut off is the best guess of the oracle. This guess is right where the
        cut-off key was the queried key. With nothing of the pair in sight all values are equally
        likely.
        """
        first = first_seen(self._task.length - 1) // 2  # the first pair whose value is in sight
        keys_BN = self._test_BT[:, :-3:2]
        query_B1 = self._test_BT[:, -2, None]
        visible = float((keys_BN[:, first:] == query_B1).any(dim=1).double().mean())
        return visible + (1 - visible) * self.chance

    def key_place(self, row: int) -> int:
        """The last place of the queried key in a test sequence, before the query."""
        same_N = self._test_BT[row, :-3:2] == self._test_BT[row, -2]
        return 2 * int(same_N.nonzero()[-1])

    def loss_floor(self) -> float:
        """Entropy in nats a scored training token; 0 where training predicts only the answer.

        The entropy is that of all sequences, not of the training split alone. A network that knew
        the split of every sequence would gain at most 0.23 nats a sequence. The floor is also 0
        with a finite training set, because a network can memorise the set.
        """
        if self._task.loss == "last" or self._task.train_sequences:
            return 0.0
        return self._sequence_nats / self._task.length

    def _draw(self, count: int, random: torch.Generator) -> Tensor:
        """Fresh sequences with their answers, (count, L + 1) int64."""
        task = self._task
        keys_BN, query_B = self._draw_keys(count, random)
        low, high = task.keys, task.keys + task.values
        map_BK = torch.randint(low, high, (count, task.keys), generator=random)
        tokens_BT = torch.empty((count, task.length + 1), dtype=torch.int64)
        tokens_BT[:, 0:-3:2] = keys_BN
        tokens_BT[:, 1:-3:2] = map_BK.gather(1, keys_BN)
        tokens_BT[:, -3] = high  # =>
        tokens_BT[:, -2] = query_B
        tokens_BT[:, -1] = map_BK.gather(1, query_B[:, None])[:, 0]
        return tokens_BT

    def _batch(self, tokens_BT: Tensor, *, training: bool) -> Batch:
        """Inputs and targets; outside training only the answer, at the last position, counts."""
        targets_BL = tokens_BT[:, 1:].clone()
        if not training or self._task.loss == "last":
            targets_BL[:, :-1] = IGNORED
        return Batch(tokens_BT[:, :-1], targets_BL)
