"""Forecasting a person's own series, against plain Python over the sequences."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
import torch

from focus_core.config import TrialConfig
from focus_core.data.own import hold
from focus_core.data.series import UNLABELLED, Labelled, pack
from focus_core.errors import UserError
from focus_core.tasks.series_forecast.data import Forecast
from focus_core.training.replicate import Replicate
from tests.configs import task_config

LENGTHS = [5, 9, 7, 9, 6, 8, 9, 5, 7, 6]


def series(values: list[float]) -> Labelled:
    return Labelled(struct.pack(f"<{len(values)}f", *values), len(values), UNLABELLED)


def wave(number: int, slope: float = 1.0) -> Labelled:
    return series([slope * t + number for t in range(LENGTHS[number % len(LENGTHS)])])


def tone(number: int) -> Labelled:
    """A tone of one frequency: the two values before it decide each value."""
    return series([math.cos(2.2 * t + number) for t in range(LENGTHS[number % len(LENGTHS)])])


TONES = pack(1, [tone(n) for n in range(20)], [tone(n) for n in range(20, 30)])
TRAIN, TEST = [wave(n) for n in range(20)], [wave(n) for n in range(20, 30)]
CONTENT = pack(1, TRAIN, TEST)


def options(content: bytes = CONTENT, **fields: Any) -> Any:
    usual = {"length": 8, "eval_sequences": 4, "test_sequences": 10, "digest": hold(content)}
    return task_config(name="series_forecast", **usual | fields)


def task(content: bytes = CONTENT) -> Forecast:
    return Forecast(options(content), seed=0)


def test_a_target_is_the_next_value_and_padding_has_none() -> None:
    batch = task().test()
    assert batch.lengths_B is not None
    assert batch.lengths_B.tolist() == [length - 1 for length in LENGTHS]
    for inputs, targets, length in zip(
        batch.inputs_BL[..., 0], batch.targets_BL[..., 0], LENGTHS, strict=True
    ):
        assert torch.equal(inputs[1 : length - 1], targets[: length - 2])
        assert targets.isfinite().sum() == length - 1
        assert targets[length - 1 :].isnan().all()


def test_repeating_the_last_value_has_a_ratio_of_one() -> None:
    built = task()
    said = built.closing_scores(lambda x_BLC, _: x_BLC)
    assert said == {"ratio_to_last": pytest.approx(1.0)}
    half = built.closing_scores(lambda x_BLC, _: x_BLC + step(built) / 2)
    assert half == {"ratio_to_last": pytest.approx(0.25, rel=1e-4)}  # half the error each time
    perfect = built.closing_scores(lambda x_BLC, _: x_BLC + step(built))
    assert perfect["ratio_to_last"] == pytest.approx(0.0, abs=1e-8)


def step(built: Forecast) -> float:
    """How far these waves rise at each position, in the scale of the training split."""
    first = built.test().inputs_BL[0, :, 0]
    return float(first[1] - first[0])


def test_the_score_is_the_mean_over_values_by_hand() -> None:
    built = task()
    batch = built.test()
    zeros = torch.zeros_like(batch.inputs_BL)
    values = [v for v in batch.targets_BL.flatten().tolist() if not math.isnan(v)]
    assert len(values) == sum(LENGTHS) - 10
    total, count = built.score(zeros, batch.targets_BL)
    assert count == len(values)
    assert total == pytest.approx(sum(v * v for v in values), rel=1e-6)
    assert built.chance == pytest.approx(total / count)
    mean = built.loss(zeros, batch.targets_BL, reduction="mean").item()
    assert mean == pytest.approx(total / count, rel=1e-5)
    assert built.loss(zeros, batch.targets_BL).item() == pytest.approx(total, rel=1e-5)


def test_what_is_forecast_at_padding_counts_nowhere() -> None:
    """Neither in the score nor in a gradient; a control counts at a position that is no padding."""
    built = task()
    batch = built.test()
    forecast = batch.inputs_BL.clone().requires_grad_()
    loss = built.loss(forecast, batch.targets_BL, reduction="mean")
    loss.backward()  # type: ignore[no-untyped-call]
    assert forecast.grad is not None
    padding = batch.targets_BL.isnan()
    assert not forecast.grad[padding].any()
    assert forecast.grad[~padding].all()
    other = torch.where(padding, 1e9, batch.inputs_BL)
    assert built.score(other, batch.targets_BL) == built.score(batch.inputs_BL, batch.targets_BL)
    other[0, 0] += 1
    assert built.score(other, batch.targets_BL) != built.score(batch.inputs_BL, batch.targets_BL)


def test_series_that_never_change_are_refused() -> None:
    still = pack(1, [wave(n, slope=0.0) for n in range(20)], [wave(n, slope=0.0) for n in range(9)])
    with pytest.raises(UserError, match="the test sequences never change"):
        Forecast(options(still, test_sequences=9), 0)


def test_training_comes_below_the_last_value() -> None:
    """A tone is forecast from its past; before training the error is larger."""
    changes: dict[str, Any] = {
        f"task.{name}": value for name, value in vars(options(TONES)).items()
    }
    changes |= {"model.width": 16, "model.layers": 1, "train.batch_size": 8, "train.steps": 60}
    changes |= {"train.learning_rate": 0.01, "model.chunk_length": 8, "model.bin_length": 8}
    replicate = Replicate(TrialConfig().override(changes), 0, torch.device("cpu"))
    before = replicate.evaluate(final=False)["value"]
    for number in range(1, 61):
        replicate.train_step(number)
    after = replicate.evaluate(final=True)
    assert after["value"] < before / 4
    assert after["loss"] == pytest.approx(after["value"], rel=1e-4)  # the loss is the metric
    assert 0 < after["ratio_to_last"] < 1
