"""train.precision: what bfloat16 and TF32 change, and what they leave alone."""

from __future__ import annotations

from contextlib import suppress

import pytest
import torch
from torch import Tensor

from focus_core.config import Scalar, TrialConfig
from focus_core.kernels import choice
from focus_core.kernels.choice import chosen
from focus_core.systems.focus.ablations import few_taps
from focus_core.systems.focus.token_wise import one_pass
from focus_core.training.limits import LEAK_TOLERANCE
from focus_core.training.loop import OneAfterAnother, fit
from focus_core.training.precision import PLACES, float32_products
from search_spaces.variants import VARIANTS
from tests.narrowing import known

CPU = torch.device("cpu")
SMALL: dict[str, Scalar] = {
    "task.length": 32,
    "task.eval_sequences": 64,
    "task.test_sequences": 64,
    "train.steps": 6,
    "train.eval_every": 6,
    "train.warmup_steps": 2,
}


def trial(variant: str, precision: str) -> TrialConfig:
    changes: dict[str, Scalar] = {"model.width": 16, "train.precision": precision}
    return TrialConfig().override({**SMALL, **VARIANTS[variant].changes, **changes})


def last_report(tried: TrialConfig) -> dict[str, float]:
    reports: list[dict[str, float]] = []
    fit(tried, [0], reports.append, device=CPU)
    return reports[-1]


@pytest.fixture
def read_by_recurrences(monkeypatch: pytest.MonkeyPatch) -> set[torch.dtype]:
    """The types of what recurrences read; a recurrence in a half type would lose its state."""
    types: set[torch.dtype] = set()

    def record(*tensors: Tensor) -> str:
        types.update(x.dtype for x in tensors)
        return chosen(*tensors)

    for module in (choice, few_taps, one_pass):
        monkeypatch.setattr(module, "chosen", record)
    return types


@pytest.mark.parametrize("variant", VARIANTS)
def test_bf16_trains_every_variant_nearly_as_float32_does(
    variant: str, read_by_recurrences: set[torch.dtype]
) -> None:
    exact, rounded = (last_report(trial(variant, p)) for p in ("float32", "bf16"))
    assert exact["loss/0"] != rounded["loss/0"]  # control: products were cast
    assert rounded["loss/0"] == pytest.approx(exact["loss/0"], rel=0.02)
    assert rounded["leak"] == pytest.approx(exact["leak"], rel=0.1, abs=LEAK_TOLERANCE)
    assert read_by_recurrences <= {torch.float32, torch.float64}


@pytest.mark.parametrize("precision", ["float32", "tf32", "bf16"])
def test_weights_gradients_and_moments_are_float32(precision: str) -> None:
    execution = OneAfterAnother(trial("base", precision), [0], CPU)
    execution.train_step(1)
    (replicate,) = execution.replicates
    moments = [m for state in replicate.optimizer.state.values() for m in state.values()]
    weights = list(replicate.net.parameters())
    gradients = [known(weight.grad) for weight in weights if weight.grad is not None]
    assert {x.dtype for x in (*weights, *gradients, *moments)} == {torch.float32}


@pytest.mark.parametrize("precision", ["float32", "tf32", "bf16"])
def test_a_gpu_is_told_what_float32_products_may_round(precision: str) -> None:
    before, within = settings(), "tf32" if precision == "tf32" else "ieee"
    with float32_products(precision):
        assert settings() == [within, within]
    assert settings() == before
    with suppress(ZeroDivisionError), float32_products(precision):
        raise ZeroDivisionError
    assert settings() == before


def settings() -> list[str]:
    return [place.fp32_precision for place in PLACES]
