"""Far recall: associative recall whose answer is never near the query.

As ``recall``, but no token of a pair with the queried key lies within the last ``gap`` tokens
before the query: a local window of at most ``gap`` + 1 tokens can only guess, so that a score
above chance proves that information came from further back.

The query is uniform over all keys. Pairs before the gap ("early") have keys uniform over all, given
that the queried one occurs at least once; pairs that touch the gap ("recent") have keys uniform
over the others.

No published number compares: the task is of this project.
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
    """Pairs that end before the gap: the query stands at ``length`` - 1, pair j ends at 2 j + 1."""
    return (task.length - 1 - task.gap) // 2


def draw_keys(task: FarRecallConfig, count: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Keys (count, N) and queries (count,) as the module says."""
    K, N, early = task.keys, pairs(task), early_pairs(task)
    query_B = torch.randint(K, (count,), generator=random)
    # Where the queried key occurs first: a geometric law, cut off at the gap. Before that place
    # keys are other ones, after it any. Exact, and nothing is drawn in vain.
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
    """Entropy of all targets of a sequence, given its first token; exact.

    Keys and query together: log K for the query, early keys uniform over the K^E - (K - 1)^E
    rows that hold it, recent ones over K - 1; less log K for the first key, which is given.
    """
    K, V, N, E = task.keys, task.values, pairs(task), early_pairs(task)
    absent = (1 - 1 / K) ** E  # of one key from E free draws
    both_absent = (1 - 2 / K) ** E
    keys = E * math.log(K) + math.log1p(-absent) + (N - E) * math.log(K - 1)
    other_absent = (absent - both_absent) / (1 - absent) * (1 - 1 / (K - 1)) ** (N - E)
    different = 1 + (K - 1) * (1 - other_absent)
    return keys + different * math.log(V)
