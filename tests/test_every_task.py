"""Registered means tested: every task keeps the promises of ``tasks.base.Task``."""

import dataclasses
import importlib
import inspect
import math
import pkgutil
from collections.abc import Iterator

import pytest
import torch
from torch.nn import functional

import focus_core.tasks
from focus_core.config import Scalar, TaskConfig, TrialConfig
from focus_core.data.own import digest_of
from focus_core.metrics import SCORES, declared
from focus_core.options.fields import SPELLS
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS, build_task
from focus_core.tasks.base import IGNORED, Batch, Task
from focus_core.training.replicate import Replicate
from tests.configs import task_config
from tests.data_sets import OTHER_DATA, OWN_DATA, TEXT_BYTES, made_data
from tests.focus_core.windows import aligned
from tests.narrowing import kind, known

EVERY = pytest.mark.parametrize("name", sorted(TASKS))
SHARED = {"base", "own_data", "splitter", "drawn", "classified", "entry", "registry"}
SHARED |= {"protocols", "published"}
"""Modules in the room of tasks that are no task's own."""
OWN: dict[str, dict[str, Scalar]] = {
    "mqar": {"keys": 16, "values": 16},
    "enwik8": {"prefix": TEXT_BYTES},
    "text8": {"prefix": TEXT_BYTES},
    **OWN_DATA,
}
CHANGED: dict[str, Scalar] = {
    "keys": 6, "values": 6, "gap": 8, "loss": "last", "train_sequences": 20, "pairs": 3,
    "classes": 5, "band": "low", "readout": "last", "permutation_seed": 1,
    "prefix": 35_000, "permutation": "urnn", "random_non_queries": False,
    "mixture": "based", "context": 0, "digest": digest_of(OTHER_DATA), "unit": "characters",
    "split": "80,10,10", "validation_share": 0.3, "test_share": 0.3,
}  # fmt: skip
"""Another value for every field that only some tasks read."""


@pytest.fixture(autouse=True, scope="module")
def _data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        made_data(tmp_path_factory.mktemp("data"), patch)
        yield


def small(name: str, **fields: Scalar) -> TaskConfig:
    images = getattr(TASKS[name].config, "images", None)
    length = {"length": images.pixels} if images else {}
    usual: dict[str, Scalar] = (
        {"eval_sequences": 24, "test_sequences": 24} | length | OWN.get(name, {})
    )
    return kind(TaskConfig, task_config(name=name, **usual | fields))


def rows(batch: Batch) -> set[tuple[float, ...]]:
    return {tuple(row) for row in batch.inputs_BL.flatten(1).tolist()}


@EVERY
def test_it_has_every_member_of_the_protocol(name: str) -> None:
    built = build_task(small(name), seed=0)
    wanted = {n for n, _ in inspect.getmembers(Task, inspect.isfunction) if not n.startswith("_")}
    wanted |= set(Task.__annotations__)
    assert wanted >= {"train_batch", "score", "chance", "vocab_size", "readout"}
    assert not [n for n in wanted if not hasattr(built, n)]


@EVERY
def test_batches_fit_the_network(name: str) -> None:
    task = small(name)
    built = build_task(task, seed=0)
    for batch, count in ((built.train_batch(0, 16), 16), (built.validation(), 24)):
        inputs_BL, targets_BL, lengths_B = batch
        each = (task.length, built.channels) if built.vocab_size is None else (task.length,)
        assert inputs_BL.shape in {(count, *each), (count, *each[:1])}
        if lengths_B is not None:
            assert lengths_B.shape == (count,)
            assert 0 < int(lengths_B.min()) <= int(lengths_B.max()) <= task.length
        answers = (count, 1 if built.readout == "mean" else task.length)
        if targets_BL.dtype == torch.float32:  # real numbers
            assert targets_BL.shape == (*answers, built.num_outputs)
            assert built.counted(targets_BL) >= count
            continue
        assert targets_BL.shape == answers
        assert targets_BL.dtype == torch.int64
        if built.vocab_size is None:
            assert inputs_BL.dtype == torch.float32
            assert torch.isfinite(inputs_BL).all()
        else:
            assert inputs_BL.dtype == torch.int64
            assert 0 <= int(inputs_BL.min()) <= int(inputs_BL.max()) < built.vocab_size
        scored = targets_BL[targets_BL != IGNORED]
        assert len(scored) >= count
        assert 0 <= int(scored.min()) <= int(scored.max()) < built.num_outputs


@EVERY
def test_a_perfect_answer_and_a_guess_score_what_they_must(name: str) -> None:
    built = build_task(small(name), seed=0)
    targets_BL = built.test().targets_BL
    if targets_BL.dtype == torch.float32:  # real numbers
        right_BLV = targets_BL.nan_to_num() / 100
    else:
        right_BLV = functional.one_hot(targets_BL.clamp(min=0), built.num_outputs).float()
    total, count = built.score(100 * right_BLV, targets_BL)
    assert count == built.counted(targets_BL)
    if SCORES[TASKS[name].metric].direction == "minimize":
        assert total / count == pytest.approx(0, abs=1e-6)
        total, count = built.score(torch.zeros_like(right_BLV), targets_BL)
        assert total / count == pytest.approx(built.chance)  # log2 of the symbols
    else:
        assert total == count
        total, count = built.score(-right_BLV, targets_BL)
        assert total == 0
        assert 0 < built.chance <= 0.25


@EVERY
def test_the_metric_does_not_depend_on_how_a_split_is_cut(name: str) -> None:
    built = build_task(small(name), seed=0)
    whole = built.test()
    few = [built.test(slice(start, start + 7)) for start in range(0, 24, 7)]
    assert torch.equal(torch.cat([b.inputs_BL for b in few]), whole.inputs_BL)
    targets_BL = torch.cat([batch.targets_BL for batch in few])
    torch.testing.assert_close(targets_BL, whole.targets_BL, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(built.validation(slice(3, 5))[0], built.validation().inputs_BL[3:5])


@EVERY
def test_data_are_a_function_of_config_seed_and_step(name: str) -> None:
    one, again, other = (build_task(small(name), seed) for seed in (7, 7, 8))
    later = one.train_batch(9, 16)
    one.train_batch(0, 16)
    assert torch.equal(later.inputs_BL, again.train_batch(9, 16).inputs_BL)
    assert torch.equal(one.test().inputs_BL, again.test().inputs_BL)
    assert not torch.equal(later.inputs_BL, one.train_batch(10, 16).inputs_BL)
    assert not torch.equal(later.inputs_BL, other.train_batch(9, 16).inputs_BL)


@EVERY
def test_no_sequence_is_in_two_splits_whatever_the_seed(name: str) -> None:
    found: dict[str, set[tuple[float, ...]]] = {"train": set(), "validation": set(), "test": set()}
    for seed in range(2):
        built = build_task(small(name), seed)
        found["validation"] |= rows(built.validation())
        found["test"] |= rows(built.test())
        found["train"] |= {r for step in range(5) for r in rows(built.train_batch(step, 50))}
    assert len(found["train"]) >= 150
    assert not found["train"] & found["validation"]
    assert not found["train"] & found["test"]
    assert not found["validation"] & found["test"]


@EVERY
def test_a_ceiling_grows_with_the_window_from_chance_to_one(name: str) -> None:
    built = build_task(small(name), seed=0)
    ceilings = [built.window_ceiling(aligned(window)) for window in (2, 4, 8, 16, 32, 64)]
    is_known = name in ("recall", "far_recall", "mqar")
    assert all((ceiling is not None) == is_known for ceiling in ceilings)
    if is_known:
        numbers = [known(ceiling) for ceiling in ceilings]
        assert numbers == sorted(numbers)
        assert numbers[0] == pytest.approx(built.chance)
        assert numbers[-1] == 1.0


@EVERY
def test_a_field_counts_where_it_is_read_and_nowhere_else(name: str) -> None:
    before = TrialConfig(task=small(name))
    assert set(CHANGED) == {field for task in TASKS for field in own_fields(task)}
    for field, value in CHANGED.items():
        after = before.override({f"task.{field}": value})
        read = field in own_fields(name)
        assert (after.trial_id != before.trial_id) == read, field
        if read:
            assert differ(build_task(before.task, 0), build_task(after.task, 0)), field


def own_fields(name: str) -> set[str]:
    """Options that not every task has, and that do not only spell another one."""
    every, own = dataclasses.fields(TaskConfig), dataclasses.fields(TASKS[name].config)
    meant = {field.name for field in own if not field.metadata.get(SPELLS)}
    return meant - {field.name for field in every}


def differ(one: Task, other: Task) -> bool:
    """Some batch of theirs."""
    pairs = zip(
        (*one.train_batch(2, 16)[:2], *one.test()[:2]),
        (*other.train_batch(2, 16)[:2], *other.test()[:2]),
        strict=True,
    )
    return any(
        a.shape != b.shape or not torch.equal(a.nan_to_num(), b.nan_to_num()) for a, b in pairs
    )


def test_negative_control_the_same_config_gives_the_same_data() -> None:
    assert not differ(build_task(small("mqar"), 0), build_task(small("mqar"), 0))


@EVERY
@pytest.mark.parametrize("mixer", sorted(SYSTEMS))
def test_every_mixer_takes_a_training_step(mixer: str, name: str) -> None:
    """And is scored, probed and found causal at the end."""
    tiny: dict[str, Scalar] = {
        "train.steps": 2,
        "train.warmup_steps": 0,
        "train.batch_size": 2,
        "train.eval_every": 1,
    }
    tiny |= {"model.mixer": mixer, "model.width": 8, "model.layers": 1}
    task = small(name, eval_sequences=4, test_sequences=4)
    replicate = Replicate(TrialConfig(task=task).override(tiny), 0, torch.device("cpu"))
    before = [p.clone() for p in replicate.net.parameters()]
    replicate.train_step(1)
    moved = [not torch.equal(a, b) for a, b in zip(before, replicate.net.parameters(), strict=True)]
    assert sum(moved) > len(moved) / 2
    found = replicate.evaluate(final=True)
    assert {"value", "test", "loss", "train_loss", "leak"} <= found.keys()
    assert all(math.isfinite(value) for value in found.values())
    assert found["leak"] < 1e-4
    assert all(map(declared, found))


def test_every_task_module_is_registered() -> None:
    modules = {m.name for m in pkgutil.iter_modules(focus_core.tasks.__path__)} - SHARED
    assert {f"focus_core.tasks.{m}" for m in modules} == {
        entry.module.rpartition(".")[0] for entry in TASKS.values()
    }
    assert all(hasattr(importlib.import_module(e.module), "build") for e in TASKS.values())
    assert all(task.config().name == name for name, task in TASKS.items())


def test_less_is_better_for_bits_and_errors_and_for_nothing_else() -> None:
    less = {n for n, e in TASKS.items() if "bits" in e.metric or "error" in e.metric}
    wanted = {name: "minimize" if name in less else "maximize" for name in TASKS}
    assert wanted == {name: SCORES[entry.metric].direction for name, entry in TASKS.items()}
