"""Registered means tested: every task keeps the promises of ``tasks.base.Task``."""

import inspect
import pkgutil

import pytest
import torch

import focus_core.tasks
from focus_core.config import TaskConfig
from focus_core.tasks import TASKS, build_task, check_task_name
from focus_core.tasks.base import IGNORED, Task

EVERY = pytest.mark.parametrize("name", sorted(TASKS))


def small(name, **fields):
    return TaskConfig(name=name, **{"eval_sequences": 64, "test_sequences": 64} | fields)


@EVERY
def test_it_has_every_member_of_the_protocol(name):
    built = build_task(small(name), seed=0)
    wanted = {n for n, _ in inspect.getmembers(Task, inspect.isfunction) if not n.startswith("_")}
    wanted |= set(Task.__annotations__)
    assert wanted >= {"train_batch", "correct", "chance"}
    assert not [n for n in wanted if not hasattr(built, n)]


@EVERY
def test_batches_fit_the_vocabulary(name):
    task = small(name)
    built = build_task(task, seed=0)
    for batch in (built.train_batch(0, 16), built.validation(), built.test()):
        assert batch.inputs_BL.shape == batch.targets_BL.shape
        assert batch.inputs_BL.shape[1] == task.length
        assert 0 <= int(batch.inputs_BL.min()) <= int(batch.inputs_BL.max()) < built.vocab_size
        scored = batch.targets_BL[batch.targets_BL != IGNORED]
        assert len(scored) > 0
        assert 0 <= int(scored.min()) <= int(scored.max()) < built.num_outputs


@EVERY
def test_a_perfect_answer_scores_one_and_a_constant_scores_near_chance(name):
    built = build_task(small(name, test_sequences=500), seed=0)
    targets_BL = built.test().targets_BL
    perfect_BLV = torch.nn.functional.one_hot(targets_BL.clamp(min=0), built.num_outputs).float()
    assert built.correct(perfect_BLV, targets_BL) == 500
    constant_BLV = torch.zeros_like(perfect_BLV)
    constant_BLV[..., targets_BL[0, -1]] = 1.0
    assert abs(built.correct(constant_BLV, targets_BL) / 500 - built.chance) < 0.1


@EVERY
def test_ceiling_grows_with_the_window_from_chance_to_one(name):
    built = build_task(small(name), seed=0)
    ceilings = [built.window_ceiling(window) for window in (2, 4, 8, 16, 32, 64)]
    assert ceilings == sorted(ceilings)
    assert ceilings[0] == built.chance
    assert ceilings[-1] == 1.0


@EVERY
def test_config_fields_reach_the_data(name):
    reference = build_task(small(name), 0)
    assert build_task(small(name, keys=6), 0).vocab_size == reference.vocab_size + 2
    assert build_task(small(name, length=32, gap=8), 0).test().inputs_BL.shape == (64, 32)
    assert build_task(small(name), 0).loss_floor() > 0


def test_every_task_module_is_registered():
    modules = {m.name for m in pkgutil.iter_modules(focus_core.tasks.__path__)} - {"base"}
    assert modules == set(TASKS)


def test_unknown_task_names_the_nearest():
    with pytest.raises(ValueError, match="did you mean 'far_recall'"):
        check_task_name("far_recal")
