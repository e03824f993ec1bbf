"""Far recall: associative recall whose answer is never near the query.

The task is ``recall`` with one more rule: no token of a pair with the queried key lies within the
last ``gap`` tokens before the query. A local window of at most ``gap`` + 1 tokens can only guess.
Therefore a score above chance proves that information came from further back.

The query is uniform over all keys. A pair before the gap is "early": the keys of early pairs are
uniform over all keys, given that the queried key occurs at least once. A pair that touches the gap
is "recent": the keys of recent pairs are uniform over the other keys.

No published number compares: this project defined the task.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor

from focus_core.tasks.base import Task
from focus_core.tasks.far_recall import FarRecallConfig
from focus_core.tasks.recall.data import Recall, pairs


def build(task: FarRecallConfig, seed: int) -> Task:
    """Far recall for one seed."""
    return Recall(task, seed, draw_keys=partial(draw_keys, task), sequence_nats=sequence_nats(task))


def early_pairs(task: FarRecallConfig) -> int:
    """Number of pairs that end before the gap.

    The query stands at ``length`` - 1, and pair j ends at 2 j + 1.
    """
    return (task.length - 1 - task.gap) // 2


def draw_keys(task: FarRecallConfig, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw keys (count, N) and queries (count,) from the distribution in the module's docstring."""
    K, N, early = task.keys, pairs(task), early_pairs(task)
    query_B = torch.randint(K, (count,), generator=random)
    # The first place of the queried key follows a geometric law, cut off at the gap. The keys
    # before that place are other keys; early keys after it are any. This needs no rejection.
    reached_E = (1 - (1 - 1 / K) ** torch.arange(1, early + 1)) / (1 - (1 - 1 / K) ** early)
    lot_B = torch.rand((count,), generator=random)
    first_B1 = torch.searchsorted(reached_E, lot_B).clamp(max=early - 1)[:, None]

    place_N = torch.arange(N)
    any_BN = torch.randint(K, (count, N), generator=random)
    other_BN = (query_B[:, None] + torch.randint(1, K, (count, N), generator=random)) % K
    barred_BN = (place_N < first_B1) | (place_N >= early)
    keys_BN = torch.where(barred_BN, other_BN, any_BN)
    return keys_BN.scatter_(1, first_B1, query_B[:, None]), query_B


def sequence_nats(task: FarRecallConfig) -> float:
    """Exact entropy of all targets of a sequence, given its first token.

    The keys and the query together have log K for the query, the log of the K^E - (K - 1)^E rows
    of early keys that hold the query, and log (K - 1) for each recent key, minus log K for the
    first key, which is given.
    """
    K, V, N, E = task.keys, task.values, pairs(task), early_pairs(task)
    absent = (1 - 1 / K) ** E  # probability that E free draws miss one key
    both_absent = (1 - 2 / K) ** E
    keys = E * math.log(K) + math.log1p(-absent) + (N - E) * math.log(K - 1)
    other_absent = (absent - both_absent) / (1 - absent) * (1 - 1 / (K - 1)) ** (N - E)
    different = 1 + (K - 1) * (1 - other_absent)
    return keys + different * math.log(V)
