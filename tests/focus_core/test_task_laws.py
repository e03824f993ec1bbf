"""The laws the recall tasks draw from, and their entropy: against enumeration, with no formula."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from focus_core.config import Scalar
from focus_core.tasks import build_task
from focus_core.tasks.base import generator
from focus_core.tasks.far_recall import FarRecallConfig
from focus_core.tasks.recall import RecallConfig
from focus_core.tasks.recall.data import Recall, draw_keys
from tests.configs import task_config
from tests.narrowing import kind

Draw = tuple[tuple[int, ...], int]
"""The keys and the query."""
SMALL = {"eval_sequences": 64, "test_sequences": 64}


def config(name: str = "recall", **fields: Scalar) -> RecallConfig:
    return kind(
        RecallConfig,
        task_config(
            name=name, **{"length": 32, "keys": 6, "values": 5, "gap": 12, **SMALL, **fields}
        ),
    )


def test_loss_floor_known_values() -> None:
    """1.999 nats: 15 pairs of 14 keys and 14 values (safari's L = 30), measured and on paper."""
    assert build_task(config(keys=14, values=14), 0).loss_floor() == pytest.approx(1.999, abs=1e-3)
    assert build_task(config(loss="last"), 0).loss_floor() == 0.0
    assert build_task(config(train_sequences=50), 0).loss_floor() == 0.0


@pytest.mark.parametrize("name", ["recall", "far_recall"])
@pytest.mark.parametrize(("keys", "gap"), [(2, 1), (3, 1), (3, 3), (3, 5)])
def test_loss_floor_is_the_entropy_by_enumeration(name: str, keys: int, gap: int) -> None:
    """Every sequence of 8 tokens with its probability, from the definition; no formula."""
    task = config(name, length=8, keys=keys, values=2, gap=gap, eval_sequences=1, test_sequences=1)
    law: dict[Any, float] = defaultdict(float)
    for row in itertools.product(range(keys), repeat=3):
        for query, chance in query_law(row, task):
            for map_K in itertools.product(range(2), repeat=keys):
                seen = tuple(map_K[k] for k in row)
                law[(row, seen, query, map_K[query])] += chance / 2**keys
    assert sum(law.values()) == pytest.approx(1)
    entropy = -sum(p * math.log(p) for p in law.values()) - math.log(keys)  # first key: given
    assert build_task(task, 0).loss_floor() == pytest.approx(entropy / 8, rel=1e-6)


def query_law(row: tuple[int, ...], task: RecallConfig) -> list[tuple[int, float]]:
    """(query, joint probability with these keys) for each query possible after these keys."""
    keys, n = task.keys, len(row)
    if not isinstance(task, FarRecallConfig):
        present = set(row)
        return [(q, keys**-n / len(present)) for q in present]
    early = sum(1 for j in range(n) if 2 * j + 1 < task.length - 1 - task.gap)
    holding = keys**early - (keys - 1) ** early
    return [
        (q, 1 / keys / holding / (keys - 1) ** (n - early))
        for q in range(keys)
        if q in row[:early] and q not in row[early:]
    ]


@pytest.mark.parametrize("name", ["recall", "far_recall"])
@pytest.mark.parametrize("first", range(9))
def test_the_ceiling_is_that_of_the_best_reader_by_enumeration(name: str, first: int) -> None:
    """Every sequence as often as it is probable; the reader knows the law and sees from ``first``.

    Where a value's key is cut off (odd ``first``) it is still worth guessing.
    """
    task = config(name, length=8, keys=3, values=2, gap=1, eval_sequences=1, test_sequences=1)
    rows = []
    for keys in itertools.product(range(3), repeat=3):
        for query, chance in query_law(keys, task):
            times = round(chance * 3**3 * 6)
            for map_K in itertools.product((3, 4), repeat=3):
                pairs = [token for k in keys for token in (k, map_K[k])]
                rows += times * [[*pairs, 5, query, map_K[query]]]
    answers: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for row in rows:
        answers[tuple(row[first:8])][row[8]] += 1
    best = sum(max(found.values()) for found in answers.values()) / len(rows)
    built = build_task(task, 0)
    assert isinstance(built, Recall)
    built._test_BT = torch.tensor(rows)
    assert built.window_ceiling(lambda _position: first) == pytest.approx(best, abs=1e-12)


@pytest.mark.parametrize("name", ["recall", "far_recall"])
def test_draws_follow_the_law(name: str) -> None:
    """Frequencies of (keys, query) against the enumerated law: a chi-square within 5 sigma."""
    task = config(name, length=8, keys=3, values=2, gap=1, eval_sequences=1, test_sequences=1)
    built = build_task(task, 0)
    assert isinstance(built, Recall)
    keys_BN, query_B = built._draw_keys(40_000, generator(0, "law"))
    seen = Counter(zip(map(tuple, keys_BN.tolist()), query_B.tolist(), strict=True))
    law = {
        (row, query): chance
        for row in itertools.product(range(3), repeat=3)
        for query, chance in query_law(row, task)
    }
    assert set(seen) <= set(law)
    assert chi_square(seen, law, 40_000) < 5
    wrong_B = keys_BN[:, 0]  # control: always the first key
    wrong = Counter(zip(map(tuple, keys_BN.tolist()), wrong_B.tolist(), strict=True))
    assert chi_square(wrong, law, 40_000) > 50


def chi_square(seen: Counter[Draw], law: Mapping[Draw, float], total: int) -> float:
    """In standard deviations above its mean."""
    statistic = sum((seen[k] - total * p) ** 2 / (total * p) for k, p in law.items())
    freedom = len(law) - 1
    return (statistic - freedom) / math.sqrt(2 * freedom)


def test_majority_value_is_no_shortcut_worth_having() -> None:
    """Safari's setting: the most frequent value is right in 19 to 22 % of the cases."""
    task = config(keys=14, values=14, test_sequences=3000, eval_sequences=1)
    test = build_task(task, 0).test()
    majority_B = test.inputs_BL[:, 1:-2:2].mode(dim=1).values
    hits = float((majority_B == test.targets_BL[:, -1]).double().mean())
    assert 0.19 - 0.03 < hits < 0.22 + 0.03


def test_queries_of_recall_are_uniform_over_the_keys_that_occur() -> None:
    keys_BN, query_B = draw_keys(config(keys=4, length=8), 20_000, generator(0, "uniform"))
    two = [
        (k, q) for k, q in zip(keys_BN.tolist(), query_B.tolist(), strict=True) if k == [1, 1, 3]
    ]
    share = sum(q == 1 for _, q in two) / len(two)
    assert len(two) > 200
    assert abs(share - 0.5) < 4 * 0.5 / math.sqrt(len(two))  # not 2/3, as by pairs
