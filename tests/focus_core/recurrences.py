"""What the tests of the kernels share: inputs, plain loops, and comparisons."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from focus_core.kernels import loops
from focus_core.systems.focus import recurrence as order_p
from focus_core.systems.focus.recurrence import recur
from focus_core.systems.focus.token_wise import recurrence as complex_poles
from focus_core.systems.focus.token_wise.recurrence import recur_complex
from tests.focus_core.arrays import Complexes, Floats

NO_NUMBA = importlib.util.find_spec("numba") is None and not os.environ.get("CI")
"""Where CI is set, a missing numba fails instead of a skipped test."""
needs_numba = pytest.mark.skipif(NO_NUMBA, reason="numba is not installed (extra `fast`)")
Patch = pytest.MonkeyPatch


def use(kernels: Any, patch: Patch) -> None:
    for module in (order_p, complex_poles):
        patch.setattr(module, "kernels", lambda *tensors: kernels)


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def filters(order: int, N: int, R: int, G: int = 3) -> tuple[Tensor, Tensor]:
    return draw(N, R, G), draw(order, N, G, seed=1) / (1.2 * order)


def poles(T: int, G: int = 3) -> tuple[Tensor, Tensor, Tensor]:
    decay = torch.nn.functional.logsigmoid(draw(T, G, seed=1))
    return draw(T, G), decay, 3 * draw(T, G, seed=2)


def by_numpy(w_NRG: Tensor, a_PNG: Tensor) -> Floats:
    """Step by step, with the coefficients of the step's bin."""
    N, R, G = w_NRG.shape
    w, a = w_NRG.double().numpy().reshape(N * R, G), a_PNG.double().numpy()
    y = np.zeros_like(w)
    for t in range(N * R):
        y[t] = w[t] - sum(a[p, t // R] * y[t - 1 - p] for p in range(min(len(a), t)))
    return y.reshape(N, R, G)


def by_complex(w: Tensor, decay: Tensor, angle: Tensor) -> Complexes:
    a, s = np.exp(decay.double().numpy() + 1j * angle.double().numpy()), np.zeros(w.shape, complex)
    for t in range(len(w)):
        s[t] = w[t].double().numpy() + (a[t] * s[t - 1] if t else 0)
    return s


def assert_near(found: Tensor, expected: Any, ulps: float = 64) -> None:
    """Within some units in the last place of the largest number."""
    expected = np.asarray(expected)
    scale = np.abs(expected).max() if expected.size else 0
    error = np.abs(found.detach().double().numpy() - expected).max() if expected.size else 0
    assert error <= ulps * torch.finfo(found.dtype).eps * max(scale, 1e-300)


def assert_recurrences_are_right() -> None:
    """The comparison that the mutated kernels fail."""
    for order, (N, R) in zip((1, 2, 3), ((3, 4), (1, 9), (7, 1)), strict=True):
        w, a = filters(order, N, R)
        assert_near(recur(w, a), by_numpy(w, a))
        assert_gradients_are_those_of_the_loops(recur, w, a)
    inputs = poles(9)
    assert_near(recur_complex(*inputs)[0], by_complex(*inputs).real)
    assert_near(recur_complex(*inputs)[1], by_complex(*inputs).imag)
    assert_gradients_are_those_of_the_loops(recur_complex, *inputs)


def gradients(run: Callable[..., Any], inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    found = run(*leaves)
    outputs = found if isinstance(found, tuple) else (found,)
    return torch.autograd.grad(outputs, leaves, [draw(*y.shape, seed=5).to(y) for y in outputs])


def assert_gradients_are_those_of_the_loops(run: Callable[..., Any], *inputs: Tensor) -> None:
    found = gradients(run, inputs)
    with pytest.MonkeyPatch.context() as patch:
        use(loops, patch)
        expected = gradients(run, tuple(x.double() for x in inputs))
    for x, y in zip(found, expected, strict=True):
        assert_near(x, y)
