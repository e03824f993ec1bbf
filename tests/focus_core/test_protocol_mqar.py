"""Multi-query recall under its published protocols: blanks, and the mixture of lengths.

Everything is checked by dictionaries and counting in plain Python, over generated settings.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch

from focus_core.tasks import build_task
from focus_core.tasks.base import IGNORED, Batch, Task
from focus_core.tasks.mqar import MqarConfig
from focus_core.tasks.mqar import data as mqar
from focus_core.tasks.mqar.mixture import scored_shapes, trained_shapes
from tests.configs import task_config
from tests.focus_core.windows import aligned
from tests.narrowing import kind

BASED = {"mixture": "based", "keys": 16, "values": 16}


def task(**fields: Any) -> MqarConfig:
    usual = {"length": 64, "eval_sequences": 14, "test_sequences": 21}
    config = kind(MqarConfig, task_config(name="mqar", **{**usual, **fields}))
    config.check()  # it is a valid one
    return config


def generated(seed: int) -> MqarConfig:
    """Any setting of the published options, and any size."""
    pick = random.Random(seed)
    fields: dict[str, Any] = {
        "random_non_queries": pick.random() < 0.5,
        "train_sequences": pick.choice((0, 9, 30)),
        "keys": pick.randint(24, 30),
        "values": pick.randint(24, 30),
    }
    if pick.random() < 0.5:
        return task(mixture="based", length=pick.choice((64, 96)), **fields)
    pairs = pick.randint(1, 8)
    return task(pairs=pairs, length=4 * pairs + 2 * pick.randint(1, 20), **fields)


def sequences(batch: Batch) -> list[tuple[list[int], list[int]]]:
    return list(zip(batch.inputs_BL.tolist(), batch.targets_BL.tolist(), strict=True))


def shape_by_hand(inputs: list[int], targets: list[int], config: MqarConfig) -> tuple[int, int]:
    """Pairs, and the place of the last query; an AssertionError where a rule is broken."""
    asked = {at: want for at, want in enumerate(targets) if want != IGNORED}
    pairs = len(asked)
    keys, values = inputs[: 2 * pairs : 2], inputs[1 : 2 * pairs : 2]
    assert len(set(keys)) == len(set(values)) == pairs
    assert all(1 <= key <= config.keys for key in keys)
    assert all(config.keys < value <= config.keys + config.values for value in values)
    assert all(at >= 2 * pairs and at % 2 == 0 for at in asked)
    answers = dict(zip(keys, values, strict=True))
    assert {inputs[at]: want for at, want in asked.items()} == answers
    if not config.random_non_queries:
        rest = [x for at, x in enumerate(inputs) if at >= 2 * pairs and at not in asked]
        assert set(rest) <= {0}
    return pairs, max(asked)


@pytest.mark.parametrize("seed", range(12))
def test_every_sequence_of_a_generated_protocol_is_right_by_a_dictionary(seed: int) -> None:
    config = generated(seed)
    built = build_task(config, seed)
    single = {(config.length, config.pairs)}
    mixed = config.mixture == "based"
    trained = set(trained_shapes(config.length)) if mixed else single
    scored = set(scored_shapes(config.length)) if mixed else single
    for step in range(1, 12):
        batch = built.train_batch(step, 5)
        shapes = {
            (batch.inputs_BL.shape[1], shape_by_hand(*s, config)[0]) for s in sequences(batch)
        }
        assert len(shapes) == 1  # a batch has one length
        assert shapes <= trained
    for batch in (built.validation(), built.test()):
        for inputs, targets in sequences(batch):
            pairs, last = shape_by_hand(inputs, targets, config)
            assert any(pairs == p and last < length for length, p in scored)


def test_negative_control_noise_where_blanks_belong_is_seen() -> None:
    config = task(pairs=2, random_non_queries=False)
    inputs, targets = sequences(build_task(task(pairs=2), 0).test())[0]
    with pytest.raises(AssertionError):
        shape_by_hand(inputs, targets, config)


def oracle(built: Task, config: MqarConfig, window: int) -> float:
    """The best guesser by hand: knows the pairs in its window, rules out, trusts a cut value."""
    scores = []
    for inputs, targets in sequences(built.test()):
        places = [at for at, want in enumerate(targets) if want != IGNORED]
        own = []
        for at in places:
            start, known = at // window * window, 2 * len(places)
            seen = [inputs[i] for i in range(0, known, 2) if i >= start]
            cut = start % 2 == 1 and start < known
            hidden = (start + 1) // 2
            guess = max(1 / hidden if cut else 0.0, 1 / max(1, config.values - len(seen)))
            own.append(1.0 if inputs[at] in seen else guess)
        scores.append(sum(own) / len(own))
    return sum(scores) / len(scores)


@pytest.mark.parametrize("window", [1, 3, 5, 8, 16, 64])
@pytest.mark.parametrize("fields", [BASED, {"pairs": 7}, {"pairs": 5, "random_non_queries": False}])
def test_the_ceiling_of_a_protocol_is_the_oracle_by_hand(fields: Any, window: int) -> None:
    config = task(**{"keys": 18, "values": 17} | fields)
    built = build_task(config, 2)
    assert built.window_ceiling(aligned(window)) == pytest.approx(oracle(built, config, window))


def test_many_symbols_are_drawn_a_few_rows_at_a_time_without_changing_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = task(pairs=3, keys=40, values=40)
    before = build_task(config, 0).test().inputs_BL
    monkeypatch.setattr(mqar, "LOTS", 100)
    assert torch.equal(build_task(config, 0).test().inputs_BL, before)
