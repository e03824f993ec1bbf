"""A task from outside against our own toy of the same task, and against its promises."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from focus_core.config import Scalar, TrialConfig
from focus_core.errors import UserError
from focus_core.tasks import TASKS, build_task
from focus_core.tasks.base import IGNORED, Task, bits
from focus_core.tools.probe import probe
from focus_core.training.loop import fit
from tests.plugin_files import MIXER, TASK, given
from tests.toys.delay import DelayConfig
from tests.toys.delay.data import Delay

SMALL: dict[str, Scalar] = {
    "task.name": "echo",
    "task.length": 16,
    "task.eval_sequences": 40,
    "task.test_sequences": 40,
}
REAL = TASK.replace(
    "tokens = torch.randint(self.vocab_size, (count, self.length), generator=random)",
    "tokens = torch.randint(4, (count, self.length), generator=random)\n"
    "        values = tokens + torch.rand(tokens.shape, generator=random)",
)
REAL = REAL.replace("Batch(tokens, targets)", "Batch(values, targets)").replace(
    "self.vocab_size = self.num_outputs = symbols",
    "self.vocab_size, self.num_outputs = None, symbols",
)


def task_of(seed: int = 0, **changes: Scalar) -> Task:
    options = (
        SMALL
        | {"model.mixer": "short_conv"}
        | {f"task.{name}": value for name, value in changes.items()}
    )
    return build_task(TrialConfig().override(options).task, seed)


def rows(tokens_BL: Tensor) -> set[tuple[float, ...]]:
    return {tuple(row) for row in tokens_BL.tolist()}


def test_targets_and_scores_are_those_of_our_toy() -> None:
    with given(TASK):
        theirs = task_of(delay=3)
    ours = Delay(DelayConfig(length=16, delay=3), 0)
    batch = theirs.validation()
    assert torch.equal(batch.targets_BL[:, 3:], batch.inputs_BL[:, :-3])
    assert bool((batch.targets_BL[:, :3] == IGNORED).all())
    logits = torch.randn(40, 16, 4, generator=torch.Generator().manual_seed(1))
    assert theirs.score(logits, batch.targets_BL) == ours.score(logits, batch.targets_BL)
    assert (theirs.chance, theirs.vocab_size) == (ours.chance, ours.vocab_size)


@pytest.mark.parametrize("source", [TASK, REAL], ids=["tokens", "numbers"])
def test_no_sequence_is_in_two_splits(source: str) -> None:
    """Also across seeds; with few tokens, draws repeat, so the splits would meet by chance."""
    with given(source):
        tasks = [task_of(seed, length=5, delay=2) for seed in (0, 1)]
        train = [rows(t.train_batch(step, 64).inputs_BL) for t in tasks for step in range(1, 5)]
        validation = [rows(t.validation().inputs_BL) for t in tasks]
        test = [rows(t.test().inputs_BL) for t in tasks]
    splits = [set[tuple[float, ...]]().union(*parts) for parts in (train, validation, test)]
    assert all(splits)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not splits[one] & splits[other]
    if source == TASK:  # negative control: what is drawn without a split is everywhere
        drawn: Any = tasks[0]
        everywhere = rows(drawn.draw(4000, torch.Generator().manual_seed(0)).inputs_BL)
        assert all(everywhere & split for split in splits)


def test_a_seed_and_a_step_decide_the_batch() -> None:
    with given(TASK):
        one, again, other = task_of(0), task_of(0), task_of(1)
    assert torch.equal(one.train_batch(3, 8).inputs_BL, again.train_batch(3, 8).inputs_BL)
    assert torch.equal(one.test(slice(5, 9)).inputs_BL, again.test().inputs_BL[5:9])
    assert not torch.equal(one.train_batch(3, 8).inputs_BL, one.train_batch(4, 8).inputs_BL)
    assert not torch.equal(one.train_batch(3, 8).inputs_BL, other.train_batch(3, 8).inputs_BL)


def test_other_metrics_and_read_outs() -> None:
    source = TASK.replace("    ranges", '    metric = "bits per byte"\n    ranges')
    with given(source):
        task = task_of()
        assert TASKS["echo"].metric == "bits per byte"
    logits, targets = torch.zeros(2, 16, 4), task.validation(slice(2)).targets_BL
    assert task.score(logits, targets) == bits(logits, targets)
    assert task.chance == 2.0  # of four equal symbols
    source = TASK.replace("    ranges", '    readout = "mean"\n    ranges').replace(
        "Batch(tokens, targets)", "Batch(tokens, tokens[:, :1])"
    )
    with given(source) as plugins:
        probe(plugins)
        assert task_of().validation().targets_BL.shape == (40, 1)
        assert TrialConfig().override({**SMALL, "model.bidirectional": True}).task.classifies


def test_a_mixer_and_a_task_from_outside_are_trained_together() -> None:
    changes: dict[str, Scalar] = {"model.mixer": "decay", "model.remains": 0.0, "model.width": 16}
    changes |= {"train.steps": 60, "train.warmup_steps": 5, "train.eval_every": 30}
    changes |= {"task.delay": 1, "train.learning_rate": 0.01}
    reports: list[dict[str, float]] = []
    with given(MIXER, TASK):
        forgets = TrialConfig().override({**SMALL, **changes})
        fit(forgets, [0], reports.append, device=torch.device("cpu"))
        fades = forgets.override({"model.remains": 0.9})
        fit(fades, [0], reports.append, device=torch.device("cpu"))
    alone, faded = (report["test/0"] for report in reports[1::2])
    assert alone < 0.45  # nothing of the token before is left: a guess among four
    assert faded > 0.6


def test_a_task_has_a_length_of_its_own() -> None:
    source = TASK.replace("length: int,", "length: int = 20,")
    with given(source) as plugins:
        probe(plugins)
        usual = {"model.mixer": "short_conv", "task.name": "echo"}
        assert TrialConfig().override(usual).task.length == 20
        assert TrialConfig().override({**usual, "task.length": 16}).task.length == 16


WRONG = {
    "no batch": ("Batch(tokens, targets)", "tokens", r"must return Batch\(inputs_BL, targets_BL\)"),
    "another shape": ("Batch(tokens,", "Batch(tokens[:, 1:],", r"must be \(8, 64\) of torch.int64"),
    "another type": ("Batch(tokens,", "Batch(tokens.float(),", r"not \(8, 64\) of torch.float32"),
    "no symbol": ("Batch(tokens,", "Batch(tokens + 1,", r"inputs of draw must be from 0 to 3"),
    "a wrong target": (
        "= tokens[:, :",
        "= 7 + tokens[:, :",
        r"targets of draw must be from 0 to 3",
    ),
    "nothing to answer": ("targets[:, ", "tokens[:, ", "no target that counts"),
    "its own random numbers": (", generator=random)", ")", "other sequences for the same random"),
    "an error": ("targets = ", "targets = 1 / 0 + ", r"ZeroDivisionError: .*\(line 18\)"),
    "no draw": ("def draw", "def drew", "abstract"),
    "no alphabet": ("self.vocab_size = self.num", "self.num", "has no attribute 'vocab_size'"),
    "one symbol": ("symbols: int = 4", "symbols: int = 1", "vocab_size must be 2 or more"),
    "a metric of nobody's": ("    ranges", '    metric = "f1"\n    ranges', "must be one of acc"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_task_that_breaks_a_promise_is_refused_in_one_line(what: str) -> None:
    old, new, said = WRONG[what]
    assert old in TASK
    with pytest.raises(UserError, match=said) as refused, given(TASK.replace(old, new)) as plugins:
        probe(plugins)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith("plugin file0.py: ")


def test_a_split_that_cannot_be_filled_is_said() -> None:
    source = TASK.replace("torch.randint(self.vocab_size,", "torch.randint(1,")
    alike = r"too few different sequences for the (test|validation) split"
    with given(source), pytest.raises(UserError, match=alike):
        [task_of().test(), task_of().validation()]
