"""The published mixture of lengths: shares, epochs, splits, scores; with every mixer."""

from __future__ import annotations

import copy
from collections import Counter
from typing import Any

import pytest
import torch

from focus_core.config import TrialConfig
from focus_core.systems import SYSTEMS
from focus_core.tasks import build_task
from focus_core.tasks.base import IGNORED
from focus_core.tasks.mqar.mixture import Mixture, scored_shapes, trained_shapes
from focus_core.training.network import build_model
from focus_core.training.replicate import Replicate
from tests.focus_core.test_protocol_mqar import BASED, sequences, task


def test_the_published_mixture_of_lengths_is_this_at_1024_tokens() -> None:
    assert trained_shapes(1024) == {
        (64, 4): 5, (128, 8): 1, (256, 16): 1, (256, 32): 1, (256, 64): 1,
    }  # fmt: skip
    assert list(scored_shapes(1024)) == [
        (64, 4), (64, 8), (64, 16), (128, 32), (256, 64), (512, 128), (1024, 256),
    ]  # fmt: skip
    assert set(scored_shapes(1024).values()) == {1}


@pytest.mark.parametrize("count", [0, 45, 100])
def test_nine_batches_of_a_mixture_have_each_part_by_its_share(count: int) -> None:
    built = build_task(
        task(length=256, **BASED | {"keys": 64, "values": 64}, train_sequences=count), 3
    )
    orders = []
    for around in range(6):
        batches = [built.train_batch(9 * around + place, 4) for place in range(9)]
        shapes = [(b.inputs_BL.shape[1], int((b.targets_BL[0] != IGNORED).sum())) for b in batches]
        assert Counter(shapes) == trained_shapes(256)
        orders.append(tuple(shapes))
    assert len(set(orders)) > 1


@pytest.mark.parametrize("fields", [BASED, {"pairs": 3, "random_non_queries": False}])
def test_a_fixed_training_set_comes_whole_in_every_epoch_in_a_new_order(fields: Any) -> None:
    """45 sequences: 25 of the commonest part, 5 of each other one; nine batches of 5 an epoch."""
    config = task(**fields, train_sequences=45)
    built = build_task(config, 1)
    epochs = [
        [
            tuple(x)
            for step in range(9 * e, 9 * e + 9)
            for x, _ in sequences(built.train_batch(step, 5))
        ]
        for e in range(3)
    ]
    assert all(len(set(epoch)) == 45 and set(epoch) == set(epochs[0]) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    resumed = build_task(config, 1).train_batch(22, 5)
    assert torch.equal(resumed.inputs_BL, built.train_batch(22, 5).inputs_BL)
    other = {
        tuple(x)
        for step in range(9)
        for x, _ in sequences(build_task(config, 2).train_batch(step, 5))
    }
    assert other != set(epochs[0])


@pytest.mark.parametrize("noise", [True, False])
def test_no_sequence_of_a_mixture_is_in_two_splits_whatever_the_seed(noise: bool) -> None:
    config = task(
        **{"mixture": "based", "keys": 32, "values": 32, "length": 128},
        random_non_queries=noise,
        eval_sequences=70,
        test_sequences=70,
    )
    found: dict[str, set[tuple[int, ...]]] = {"train": set(), "validation": set(), "test": set()}
    for seed in range(2):
        built = build_task(config, seed)
        held = {"validation": built.validation, "test": built.test}
        for name, split in held.items():  # one by one: nothing is filled up
            rows = [sequences(split(slice(row, row + 1)))[0] for row in range(70)]
            found[name] |= {(*x, *y) for x, y in rows}
        for step in range(60):
            found["train"] |= {(*x, *y) for x, y in sequences(built.train_batch(step, 30))}
    assert all(len(rows) > 100 for rows in found.values())
    assert not found["train"] & found["test"]
    assert not found["train"] & found["validation"]
    assert not found["validation"] & found["test"]


@pytest.mark.parametrize("cut", [1, 4, 5, 21])
def test_rows_of_a_mixture_are_the_same_however_a_split_is_cut(cut: int) -> None:
    built = build_task(task(**BASED), 0)
    whole = sequences(built.test())
    few = [
        s for start in range(0, 21, cut) for s in sequences(built.test(slice(start, start + cut)))
    ]
    assert len(few) == 21
    for (x, y), (x_few, y_few) in zip(whole, few, strict=True):
        assert x == x_few + [0] * (64 - len(x_few))
        assert y == y_few + [IGNORED] * (64 - len(y_few))


def test_a_mixture_is_scored_by_the_mean_over_sequences() -> None:
    """Right wherever it says 20: long sequences, with more queries, count no more."""
    built = build_task(task(**BASED), 0)
    targets_BL = built.test().targets_BL
    logits_BLV = torch.zeros(*targets_BL.shape, built.num_outputs)
    logits_BLV[..., 20] = 1.0
    rows = [[t for t in row if t != IGNORED] for row in targets_BL.tolist()]
    by_hand = [sum(t == 20 for t in row) / len(row) for row in rows]
    total, count = built.score(logits_BLV, targets_BL)
    assert total / count == pytest.approx(sum(by_hand) / 21)
    pooled = sum(t == 20 for row in rows for t in row) / sum(map(len, rows))
    assert abs(pooled - total / count) > 1e-4  # control: not the mean over queries


def test_the_mean_of_the_parts_is_the_test_score() -> None:
    built = build_task(task(length=256, **BASED | {"keys": 64, "values": 64}), 0)
    assert isinstance(built, Mixture)

    def copies(inputs_BL: torch.Tensor) -> torch.Tensor:
        """Any network: it says what stood three tokens before."""
        return torch.nn.functional.one_hot(inputs_BL.roll(3, 1), built.num_outputs).float()

    parts = built.closing_scores(copies)
    assert list(parts) == [f"test_{length}x{pairs}" for length, pairs in scored_shapes(256)]
    test = built.test()
    total, count = built.score(copies(test.inputs_BL), test.targets_BL)
    assert sum(parts.values()) / 7 == pytest.approx(total / count)


@pytest.mark.parametrize("mixer", sorted(SYSTEMS))
def test_what_is_filled_up_behind_a_sequence_changes_no_answer(mixer: str) -> None:
    """And a mixture trains, resumes and is scored the same again, with every mixer."""
    trial = TrialConfig(task=task(**BASED, train_sequences=18, eval_sequences=7, test_sequences=7))
    trial = trial.override(
        {"model.mixer": mixer, "model.width": 8, "model.layers": 1, "train.batch_size": 2}
    )
    replicate = Replicate(trial, 0, torch.device("cpu"))
    for step in (1, 2, 3):
        replicate.train_step(step)
    resumed = Replicate(trial, 0, torch.device("cpu"))
    resumed.restore(copy.deepcopy(replicate.state()))
    replicate.train_step(4)
    resumed.train_step(4)
    assert resumed.train_loss == replicate.train_loss
    found, again = replicate.evaluate(final=True), replicate.evaluate(final=True)
    assert found == again == resumed.evaluate(final=True)
    assert {"test_4x1", "test_64x16"} <= set(found)
    net = build_model(trial.model, vocab_size=33, num_outputs=33, max_length=64).double().eval()
    short = replicate.task.test(slice(1)).inputs_BL
    wide = torch.nn.functional.pad(short, (0, 64 - short.shape[1]))
    with torch.no_grad():
        alone, filled = net(short), net(wide)[:, : short.shape[1]]
    assert float((alone - filled).abs().max()) < 1e-9
