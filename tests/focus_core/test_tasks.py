"""The recall tasks against plain Python: dictionaries, enumeration and counting."""

import math

import pytest
import torch

from focus_core.config import Scalar
from focus_core.tasks import build_task
from focus_core.tasks.base import IGNORED, Batch, Split, generator
from focus_core.tasks.recall import RecallConfig
from focus_core.tasks.recall.data import Recall
from focus_core.tasks.splitter import Splitter
from tests.configs import task_config
from tests.focus_core.windows import aligned
from tests.narrowing import kind, known

SMALL = {"eval_sequences": 64, "test_sequences": 64}


def config(name: str = "recall", /, **fields: Scalar) -> RecallConfig:
    return kind(
        RecallConfig,
        task_config(
            name=name, **{"length": 32, "keys": 6, "values": 5, "gap": 12, **SMALL, **fields}
        ),
    )


def rows(batch: Batch) -> list[tuple[int, ...]]:
    """Each sequence with its answer, as a tuple of integers."""
    answers_B1 = batch.targets_BL[:, -1:]
    return [tuple(row) for row in torch.cat([batch.inputs_BL, answers_B1], dim=1).tolist()]


def follows_the_rules(row: tuple[int, ...], task: RecallConfig) -> bool:
    """The semantics, spelled out: pairs, '=>', a key that occurred, and the value it had."""
    *body, arrow, query, answer = row
    keys, values = body[0::2], body[1::2]
    pairs = dict(zip(keys, values, strict=True))
    return (
        len(row) == task.length + 1
        and all(0 <= k < task.keys for k in keys)
        and all(task.keys <= v < task.keys + task.values for v in values)
        and all(pairs[k] == v for k, v in zip(keys, values, strict=True))
        and arrow == task.keys + task.values
        and pairs.get(query) == answer
    )


def is_far(row: tuple[int, ...], task: RecallConfig, gap: int) -> bool:
    """No token of a pair with the queried key among the last ``gap`` before the query."""
    query_at = task.length - 1
    at = [i + d for i in range(0, task.length - 2, 2) if row[i] == row[query_at] for d in (0, 1)]
    return all(i < query_at - gap for i in at)


@pytest.mark.parametrize("name", ["recall", "far_recall"])
@pytest.mark.parametrize("shape", [{}, {"length": 14, "keys": 3, "gap": 6}, {"keys": 2}])
def test_every_sequence_follows_the_rules(name: str, shape: dict[str, int]) -> None:
    task = config(name, **shape, eval_sequences=30, test_sequences=30)
    built = build_task(task, seed=1)
    for batch in (built.train_batch(5, 40), built.validation(), built.test()):
        assert batch.inputs_BL.dtype == batch.targets_BL.dtype == torch.int64
        assert all(follows_the_rules(row, task) for row in rows(batch))
    *most, answer = rows(built.test())[0]
    spoiled = (*most, answer - 1)
    assert not follows_the_rules(spoiled, task)


@pytest.mark.parametrize("gap", [0, 1, 8, 11, 12, 29])
def test_far_recall_keeps_the_queried_key_out_of_the_gap(gap: int) -> None:
    task = config("far_recall", gap=gap)
    found = rows(build_task(task, seed=0).train_batch(0, 300))
    assert all(is_far(row, task, gap) for row in found)
    # not further away than it has to be: the last early pair is used as well
    edge = task.length - 1 - gap - (2 if gap % 2 else 3)
    assert any(row[edge] == row[task.length - 1] for row in found)


def test_near_recall_breaks_the_gap() -> None:
    task = config("recall")
    found = rows(build_task(task, seed=0).train_batch(0, 300))
    assert not all(is_far(row, task, 12) for row in found)


def test_targets_are_the_inputs_shifted() -> None:
    built = build_task(config(), seed=0)
    batch = built.train_batch(0, 8)
    assert torch.equal(batch.targets_BL[:, :-1], batch.inputs_BL[:, 1:])
    last = build_task(config(loss="last"), seed=0).train_batch(0, 8)
    assert torch.equal(last.inputs_BL, batch.inputs_BL)
    assert (last.targets_BL[:, :-1] == IGNORED).all()
    assert torch.equal(last.targets_BL[:, -1], batch.targets_BL[:, -1])
    assert (built.test().targets_BL[:, :-1] == IGNORED).all()


@pytest.mark.parametrize("name", ["recall", "far_recall"])
def test_splits_share_no_sequence_over_all_seeds(name: str) -> None:
    """Small enough that independent draws would collide for certain: see the control below."""
    task = config(name, length=10, keys=4, values=3, gap=4, eval_sequences=100, test_sequences=100)
    found: dict[str, set[tuple[int, ...]]] = {"train": set(), "validation": set(), "test": set()}
    for seed in range(3):
        built = build_task(task, seed)
        found["validation"] |= set(rows(built.validation()))
        found["test"] |= set(rows(built.test()))
        for step in range(40):
            found["train"] |= set(rows(built.train_batch(step, 64)))
    assert not found["train"] & found["validation"]
    assert not found["train"] & found["test"]
    assert not found["validation"] & found["test"]
    assert len(set(rows(built.test()))) == 100


def test_unsplit_draws_collide() -> None:
    task = config(length=10, keys=4, values=3, eval_sequences=100, test_sequences=100)
    built = build_task(task, seed=0)
    assert isinstance(built, Recall)
    drawn = {tuple(row) for row in built._draw(5000, generator(0, "control")).tolist()}
    assert drawn & set(rows(built.test()))


def test_splits_are_a_tenth_and_a_tenth() -> None:
    splitter = Splitter(20)
    tokens_BT = torch.randint(30, (20000, 20), generator=generator(0, "any"))
    shares: dict[Split, float] = {"validation": 0.1, "test": 0.1, "train": 0.8}
    for split, share in shares.items():
        found = float(splitter.belongs(tokens_BT, split).double().mean())
        assert abs(found - share) < 0.012  # four standard errors


@pytest.mark.parametrize("name", ["recall", "far_recall"])
@pytest.mark.parametrize("train_sequences", [0, 40])
def test_data_are_a_function_of_config_seed_and_step(name: str, train_sequences: int) -> None:
    task = config(name, train_sequences=train_sequences)
    one, again, other = build_task(task, 7), build_task(task, 7), build_task(task, 8)
    later = one.train_batch(9, 16)
    one.train_batch(0, 16)
    assert torch.equal(later.inputs_BL, again.train_batch(9, 16).inputs_BL)
    assert torch.equal(one.test().inputs_BL, again.test().inputs_BL)
    assert not torch.equal(later.inputs_BL, one.train_batch(10, 16).inputs_BL)
    assert not torch.equal(later.inputs_BL, other.train_batch(9, 16).inputs_BL)
    assert not torch.equal(one.test().inputs_BL, other.test().inputs_BL)
    assert not torch.equal(one.validation().inputs_BL, other.validation().inputs_BL)


def test_a_finite_set_comes_whole_in_every_epoch_each_in_its_own_order() -> None:
    built = build_task(config(train_sequences=40), seed=0)
    visits = [row for step in range(10) for row in rows(built.train_batch(step, 16))]
    epochs = [visits[i : i + 40] for i in range(0, 160, 40)]
    assert all(len(set(epoch)) == 40 for epoch in epochs)
    assert all(set(epoch) == set(epochs[0]) for epoch in epochs)
    assert epochs[0] != epochs[1]
    several = rows(build_task(config(train_sequences=40), seed=0).train_batch(0, 100))
    assert several == visits[:100]  # a batch may span epochs


def brute_force_ceiling(batch: Batch, task: RecallConfig, window: int) -> float:
    scores = []
    for row in rows(batch):
        start = (task.length - 1) // window * window
        # the key of a value in sight, though it may be cut off: that value is then guessed
        keys = {row[i] for i in range(0, task.length - 2, 2) if i + 1 >= start}
        scores.append(1.0 if row[task.length - 1] in keys else 1 / task.values)
    return sum(scores) / len(scores)


@pytest.mark.parametrize("name", ["recall", "far_recall"])
@pytest.mark.parametrize("window", [1, 4, 7, 8, 9, 16, 27, 31, 32, 64])
def test_ceiling_equals_brute_force(name: str, window: int) -> None:
    task = config(name)
    built = build_task(task, seed=3)
    expected = brute_force_ceiling(built.test(), task, window)
    assert built.window_ceiling(aligned(window)) == pytest.approx(expected, abs=1e-12)


def test_ceilings_known_on_paper() -> None:
    """P(the key is among n pairs) = 1 - (1 - 1/K)^n; the window loses '=>' and the query."""
    task = config(length=1024, keys=14, values=14, test_sequences=2000, eval_sequences=1)
    built = build_task(task, seed=0)
    for window in (32, 128):
        seen = 1 - (13 / 14) ** (window // 2 - 1)
        error = 4 * math.sqrt(seen * (1 - seen) / 2000)
        assert abs(known(built.window_ceiling(aligned(window))) - (seen + (1 - seen) / 14)) < error
    assert built.window_ceiling(aligned(1024)) == 1.0
    far = build_task(config("far_recall", gap=18, length=64), seed=0)
    assert far.window_ceiling(aligned(16)) == far.chance == 1 / 5


def test_only_answers_count() -> None:
    built = build_task(config(), seed=0)
    targets_BL = built.test().targets_BL[:4]
    logits_BLV = torch.zeros(4, 32, built.num_outputs)
    for b, answer in enumerate(targets_BL[:3, -1].tolist()):
        logits_BLV[b, -1, answer] = 1.0
    logits_BLV[3, -1, 0] = 1.0  # a key is never the answer
    assert built.score(logits_BLV, targets_BL) == (3, 4)
    logits_BLV[:, :-1] = 1.0 - logits_BLV[:, :-1]
    assert built.score(logits_BLV, targets_BL) == (3, 4)


@pytest.mark.parametrize("split", ["eval_sequences", "test_sequences", "train_sequences"])
def test_too_few_sequences_is_an_error_that_names_the_field(split: str) -> None:
    task = config(
        length=8, keys=2, values=3, **{"eval_sequences": 1, "test_sequences": 1} | {split: 299}
    )
    with pytest.raises(ValueError, match=rf"lower task\.{split}"):
        build_task(task, 0)
