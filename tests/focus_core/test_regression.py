"""Predicting numbers of a person's own series, against scikit-learn and plain arithmetic."""

from __future__ import annotations

import struct
from typing import Any

import pytest
import torch
from sklearn.metrics import mean_squared_error, r2_score

from focus_core.config import TrialConfig
from focus_core.data.own import hold
from focus_core.data.series import Labelled, pack
from focus_core.errors import UserError
from focus_core.tasks.base import Predict
from focus_core.tasks.series_targets.data import Regression
from focus_core.training.replicate import Replicate
from tests.configs import task_config

L, COUNT = 8, 40
PICK = torch.Generator().manual_seed(0)


def series(count: int) -> list[Labelled]:
    """Series whose first target is their mean, and whose second is ten times their last value."""
    found = []
    for number in range(count):
        length = 5 + number % 4
        values = torch.randn(length, generator=PICK) + number % 5
        targets = (float(values.mean()), 10 * float(values[-1]))
        content = struct.pack(f"<{length}f", *values.tolist())
        found.append(Labelled(content, length, targets=targets))
    return found


TRAIN, TEST = series(80), series(COUNT)
CONTENT = pack(1, TRAIN, TEST)


def options(content: bytes = CONTENT, **fields: Any) -> Any:
    usual = {"length": L, "eval_sequences": 16, "test_sequences": COUNT, "digest": hold(content)}
    return task_config(name="series_targets", **usual | fields)


def task(**fields: Any) -> Regression:
    return Regression(options(**fields), seed=0)


def guesses(built: Regression) -> tuple[torch.Tensor, Predict]:
    """Some answers to all tests, and a network that gives them."""
    answers_BK = built.test().targets_BL[:, 0] + torch.randn((COUNT, 2), generator=PICK)
    return answers_BK, lambda x_BLC, _: answers_BK[: len(x_BLC), None]


def test_the_targets_are_in_the_scale_of_the_training_split() -> None:
    given = torch.tensor([each.targets for each in TEST])
    found = task().test().targets_BL[:, 0]
    for k in range(2):  # an affine map: the same order, and one slope
        slope = (found[1:, k] - found[0, k]) / (given[1:, k] - given[0, k])
        torch.testing.assert_close(slope, slope[:1].expand(COUNT - 1), rtol=1e-3, atol=1e-4)
    split = task()._splits["train"].targets_NK
    torch.testing.assert_close(split.mean(dim=0), torch.zeros(2), rtol=0, atol=1e-5)
    torch.testing.assert_close(split.std(dim=0, correction=0), torch.ones(2))
    assert found.mean(dim=0).abs().max() > 1e-3  # control: the test has another mean


def test_error_and_r_squared_are_those_of_scikit_learn() -> None:
    built = task()
    answers_BK, predict = guesses(built)
    wanted = built.test().targets_BL
    total, count = built.score(answers_BK[:, None], wanted)
    assert total / count == pytest.approx(mean_squared_error(wanted[:, 0], answers_BK), rel=1e-5)
    assert built.closing_scores(predict) == {
        "r_squared": pytest.approx(r2_score(wanted[:, 0], answers_BK), rel=1e-5)
    }
    assert built.closing_scores(lambda *_: wanted) == {"r_squared": pytest.approx(1.0)}
    mean = wanted.mean(dim=0, keepdim=True).expand_as(wanted)
    assert built.closing_scores(lambda *_: mean)["r_squared"] == pytest.approx(0.0, abs=1e-6)


def test_the_last_read_out_has_its_target_at_each_sequences_own_end() -> None:
    batch = task(readout="last").test()
    mean = task().test()
    assert batch.lengths_B is not None
    for row, each in enumerate(TEST):
        own = batch.targets_BL[row].isfinite().all(dim=1)
        assert own.nonzero().flatten().tolist() == [each.length - 1]
        assert torch.equal(batch.targets_BL[row, each.length - 1], mean.targets_BL[row, 0])


def test_a_target_that_never_changes_is_refused() -> None:
    same = [each._replace(targets=(1.0,)) for each in (*TRAIN, *TEST)]
    with pytest.raises(UserError, match="a target is the same for all test sequences"):
        Regression(options(pack(1, same[:80], same[80:])), 0)


def test_series_without_targets_are_refused() -> None:
    none = [each._replace(targets=()) for each in TRAIN]
    with pytest.raises(UserError, match="there are no target values"):
        options().fitted(pack(1, none), (), 1)


def test_training_predicts_most_of_the_variance() -> None:
    changes: dict[str, Any] = {f"task.{name}": value for name, value in vars(options()).items()}
    changes |= {"model.width": 16, "model.layers": 1, "train.batch_size": 16, "train.steps": 80}
    changes |= {"train.learning_rate": 0.01, "model.chunk_length": 8, "model.bin_length": 8}
    replicate = Replicate(TrialConfig().override(changes), 0, torch.device("cpu"))
    before = replicate.evaluate(final=True)["r_squared"]
    for number in range(1, 81):
        replicate.train_step(number)
    assert before < 0.2
    assert replicate.evaluate(final=True)["r_squared"] > 0.6
