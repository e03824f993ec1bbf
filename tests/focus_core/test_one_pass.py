"""The bank of coupled poles in one pass: the same numbers as from single operations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from focus_core.config import Scalar
from focus_core.systems.focus.ablations.coefficients import MAX_RADIUS
from focus_core.systems.focus.token_wise import coupled
from focus_core.systems.focus.token_wise.coupled import CoupledBank
from focus_core.training.start import init_weights
from tests.configs import model_config
from tests.focus_core.recurrences import NO_NUMBA
from tests.narrowing import known

if NO_NUMBA:
    pytest.skip("numba is not installed (extra `fast`)", allow_module_level=True)

from focus_core.kernels.bank import TERMS, _constants, bank_backward, bank_forward

Patch = pytest.MonkeyPatch
D, F = 5, 2
KINDS: list[dict[str, Scalar]] = [
    {},
    {"filters": 1},
    {"theta": "static"},
    {"theta": "bin", "bin_length": 4},
    {"theta": "bin", "bin_length": 64},
    {"poles": "real"},
    {"poles": "real", "theta": "static"},
    {"poles": "real", "theta": "bin", "bin_length": 4},
]


def bank(changes: dict[str, Scalar]) -> CoupledBank:
    sizes: dict[str, Scalar] = {"width": D, "filters": F, "theta_rank": 3}
    built = CoupledBank(model_config(filter="coupled", **(sizes | changes)).resolved(64))
    init_weights(built, 0)
    return built


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def everything(built: CoupledBank, x_BLD: Tensor) -> list[Tensor]:
    """The output, and the gradients of the input and of all parameters."""
    x_BLD = x_BLD.clone().requires_grad_()
    y_BLD = built(x_BLD, None)
    inputs = [x_BLD, *built.parameters()]
    return [
        y_BLD.detach(),
        *torch.autograd.grad(y_BLD, inputs, draw(*y_BLD.shape, seed=9).to(y_BLD)),
    ]


def by_operations(built: CoupledBank, x_BLD: Tensor, patch: Patch) -> list[Tensor]:
    with patch.context() as patched:
        patched.setenv("FOCUS_KERNELS", "loops")
        return everything(built, x_BLD)


def error(found: Tensor, expected: Tensor) -> float:
    """The largest, over the largest number expected; two tensors of zeros agree."""
    largest = expected.abs().max().clamp(min=1e-300)
    return float((found.double() - expected).abs().max() / largest)


@pytest.fixture(autouse=True)
def numba(monkeypatch: Patch) -> None:
    monkeypatch.setenv("FOCUS_KERNELS", "numba")


@pytest.mark.parametrize("length", [1, 13, 300])
@pytest.mark.parametrize("changes", KINDS, ids=str)
def test_outputs_and_gradients_are_those_of_the_operations(
    changes: dict[str, Scalar], length: int, monkeypatch: Patch
) -> None:
    built, x = bank(changes).double(), draw(2, length, D)
    expected = by_operations(built, x, monkeypatch)
    for found, right in zip(everything(built, x), expected, strict=True):
        assert error(found, right) < 1e-12
    for found, right in zip(everything(built.float(), x.float()), expected, strict=True):
        assert error(found, right) < 1e-5


def test_the_pass_is_taken(monkeypatch: Patch) -> None:
    """Control: the comparison above would pass as well if both ways were the same."""
    taken: list[int] = []

    def record(s_NBIH: Tensor, x_LBD: Tensor, mix_IH: Tensor, bin_length: int) -> Tensor:
        taken.append(bin_length)
        return x_LBD

    monkeypatch.setattr(coupled, "mixed_states", record)
    bank({})(draw(1, 4, D).float(), None)
    assert taken == [1]
    monkeypatch.setenv("FOCUS_KERNELS", "loops")
    bank({})(draw(1, 4, D).float(), None)
    assert taken == [1]


@pytest.mark.parametrize("wrong", [1e-6, -1e-6])
def test_negative_control_another_radius_is_seen(wrong: float, monkeypatch: Patch) -> None:
    built, x = bank({}).double(), draw(2, 13, D)
    expected = by_operations(built, x, monkeypatch)
    monkeypatch.setattr(
        "focus_core.systems.focus.token_wise.one_pass.MAX_RADIUS", MAX_RADIUS + wrong
    )
    assert error(everything(built, x)[0], expected[0]) > 1e-9


@pytest.mark.parametrize("kind", TERMS)
def test_sine_and_cosine_are_exact_to_rounding(kind: torch.dtype) -> None:
    """The polynomials' own error: they are evaluated in a wider type."""
    wide: Any = np.longdouble if kind == torch.float64 else np.float64
    m = np.linspace(0, 0.5, 2001).astype(wide)
    angle = m * wide(math.pi) + m * wide(1.2246467991473532e-16)  # pi in a long double
    _, sin, cos = _constants(kind, 0.9)
    found_sin, found_cos = (np.polyval(np.array(terms, wide), m * m) for terms in (sin, cos))
    assert np.abs(found_sin * m - np.sin(angle)).max() < torch.finfo(kind).eps
    assert np.abs(found_cos - np.cos(angle)).max() < torch.finfo(kind).eps


@pytest.mark.parametrize("logit", [-30.0, -5.0, 0.0, 5.0, 8.0, 15.0, 40.0])
def test_the_gain_keeps_its_digits_near_a_radius_of_one(logit: float) -> None:
    """One step of one lane is the gain itself; the reference is in float64."""
    s, x, mix = torch.full((1, 1, 1, 1), logit), torch.ones(1, 1, 1), torch.ones(1, 1)
    gain, _ = bank_forward(s, x, mix, bin_length=1, radius=MAX_RADIUS)
    expected = math.sqrt(1 - (MAX_RADIUS / (1 + math.exp(-logit))) ** 2)
    assert float(gain) == pytest.approx(expected, rel=3e-7)


@pytest.mark.parametrize("logit", [-1e4, -100.0, 100.0, 1e4, math.inf, -math.inf])
@pytest.mark.parametrize("part", [0, 1])
def test_saturated_poles_give_finite_numbers(logit: float, part: int) -> None:
    s, x, mix = draw(6, 1, 2, 4).float(), draw(6, 1, 2).float(), draw(2, 4).float()
    s[:, :, part] = logit
    y, kept = bank_forward(s, x, mix, bin_length=1, radius=MAX_RADIUS)
    found = bank_backward(torch.ones_like(y), x, mix, kept, bin_length=1, radius=MAX_RADIUS)
    assert all(torch.isfinite(each).all() for each in (y, *found))


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_nan_and_infinity_are_seen_as_in_the_operations(wrong: float, monkeypatch: Patch) -> None:
    built, x = bank({}), draw(2, 13, D).float()
    x[0, 6, 2] = wrong
    expected = by_operations(built, x, monkeypatch)
    for found, right in zip(everything(built, x), expected, strict=True):
        assert torch.equal(torch.isfinite(found), torch.isfinite(right))


def test_a_second_backward_gives_the_same() -> None:
    """Nothing that is kept for the backward is changed by it."""
    built, x = bank({"theta": "bin", "bin_length": 4}), draw(2, 13, D).float().requires_grad_()
    y = built(x, None).square().sum()
    first = torch.autograd.grad(y, [x, *built.parameters()], retain_graph=True)
    second = torch.autograd.grad(y, [x, *built.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_nothing_gives_nothing() -> None:
    x = torch.zeros(0, 3, D).requires_grad_()
    y = bank({})(x, None)
    y.sum().backward()
    assert y.shape == (0, 3, D)
    assert known(x.grad).shape == x.shape
