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
from focus_core.metrics import SCORES, declared
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS, build_task
from focus_core.tasks.base import IGNORED, Batch, Task
from focus_core.training.replicate import Replicate
from tests.configs import task_config
from tests.data_sets import TEXT_BYTES, made_data
from tests.focus_core.windows import aligned
from tests.narrowing import kind, known

EVERY = pytest.mark.parametrize("name", sorted(TASKS))
SHARED = {"base", "drawn", "classified", "entry", "protocols", "published", "registry"}
"""Modules in the room of tasks that are no task's own."""
PREFIX = {"prefix": TEXT_BYTES}
OWN = {"mqar": {"keys": 16, "values": 16}, "enwik8": PREFIX, "text8": PREFIX}
CHANGED: dict[str, Scalar] = {
    "keys": 6, "values": 6, "gap": 8, "loss": "last", "train_sequences": 20, "pairs": 3,
    "classes": 5, "band": "low", "readout": "last", "permutation_seed": 1,
    "prefix": TEXT_BYTES - 5_000, "permutation": "urnn", "random_non_queries": False,
    "mixture": "based", "context": 0,
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
    usual = {"eval_sequences": 24, "test_sequences": 24} | length | OWN.get(name, {})
    return kind(TaskConfig, task_config(name=name, **usual | fields))


def rows(batch: Batch) -> set[tuple[float, ...]]:
    return {tuple(row) for row in batch.inputs_BL.tolist()}


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
        inputs_BL, targets_BL = batch
        assert inputs_BL.shape == (count, task.length)
        assert targets_BL.shape == (count, 1 if built.readout == "mean" else task.length)
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
    right_BLV = functional.one_hot(targets_BL.clamp(min=0), built.num_outputs).float()
    total, count = built.score(100 * right_BLV, targets_BL)
    assert count == (targets_BL != IGNORED).sum()
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
    assert torch.equal(torch.cat([b.targets_BL for b in few]), whole.targets_BL)
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
    """Options that not every task has."""
    every, own = dataclasses.fields(TaskConfig), dataclasses.fields(TASKS[name].config)
    return {field.name for field in own} - {field.name for field in every}


def differ(one: Task, other: Task) -> bool:
    """Some batch of theirs."""
    pairs = zip(
        (*one.train_batch(2, 16), *one.test()),
        (*other.train_batch(2, 16), *other.test()),
        strict=True,
    )
    return any(a.shape != b.shape or not torch.equal(a, b) for a, b in pairs)


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
    assert {f"focus_core.tasks.{m}.data" for m in modules} == {e.module for e in TASKS.values()}
    assert all(hasattr(importlib.import_module(e.module), "build") for e in TASKS.values())
    assert all(task.config().name == name for name, task in TASKS.items())


def test_less_is_better_for_bits_and_for_nothing_else() -> None:
    wanted = {n: "minimize" if "bits" in e.metric else "maximize" for n, e in TASKS.items()}
    assert wanted == {name: SCORES[entry.metric].direction for name, entry in TASKS.items()}
