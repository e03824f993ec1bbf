"""Short kernels summed tap by tap: the same numbers as from transforms, and from numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from focus_core.systems.focus.ablations import few_taps, realisations
from focus_core.systems.focus.ablations.few_taps import MOST_TAPS, convolve_bins
from focus_core.systems.focus.ablations.realisations import filter_bins
from tests.focus_core.recurrences import NO_NUMBA

if NO_NUMBA:
    pytest.skip("numba is not installed (extra `fast`)", allow_module_level=True)

from focus_core.kernels import taps

Patch = pytest.MonkeyPatch
B, N, D = 2, 3, 5
SIZES = [1, 2, 13, MOST_TAPS]


@pytest.fixture(autouse=True)
def numba(monkeypatch: Patch) -> None:
    monkeypatch.setenv("FOCUS_KERNELS", "numba")


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def everything(x_BNRD: Tensor, a_BNDFP: Tensor) -> list[Tensor]:
    """The output of sampled filters, and the gradients of the input and of the coefficients."""
    inputs = [x_BNRD.clone().requires_grad_(), a_BNDFP.clone().requires_grad_()]
    y_BNRD = filter_bins(*inputs, realisation="sampled")
    return [
        y_BNRD.detach(),
        *torch.autograd.grad(y_BNRD, inputs, draw(*y_BNRD.shape, seed=9).to(y_BNRD)),
    ]


def by_transforms(x_BNRD: Tensor, a_BNDFP: Tensor, patch: Patch) -> list[Tensor]:
    with patch.context() as patched:
        patched.setenv("FOCUS_KERNELS", "loops")
        return everything(x_BNRD, a_BNDFP)


def coefficients(shared: bool) -> Tensor:
    """Of stable filters of order 2, in a bank of 2."""
    axes = (1, 1) if shared else (B, N)
    return torch.sigmoid(draw(*axes, D, 2, 2, seed=1)) * torch.tensor([1.0, 0.5])


def error(found: Tensor, expected: Tensor) -> float:
    return float((found.double() - expected).abs().max() / expected.abs().max())


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("steps", SIZES)
def test_outputs_and_gradients_are_those_of_the_transforms(
    steps: int, shared: bool, monkeypatch: Patch
) -> None:
    x, a = draw(B, N, steps, D), coefficients(shared)
    expected = by_transforms(x, a, monkeypatch)
    for found, right in zip(everything(x, a), expected, strict=True):
        assert found.shape == right.shape
        assert error(found, right) < 1e-12
    for found, right in zip(everything(x.float(), a.float()), expected, strict=True):
        assert found.dtype == torch.float32
        assert error(found, right) < 1e-5


def test_the_convolution_is_the_one_of_numpy() -> None:
    x, h = draw(B, N, 13, D), draw(B, N, D, 13, seed=1)
    y = convolve_bins(x, h)
    for place in np.ndindex(B, N):
        for d in range(D):
            right = np.convolve(x[place][:, d], h[place][d])[:13]
            np.testing.assert_allclose(y[place][:, d], right, atol=1e-12)


def test_the_gradient_is_the_one_of_finite_differences() -> None:
    inputs = (draw(1, 2, 5, 2).requires_grad_(), draw(1, 2, 2, 5, seed=1).requires_grad_())
    assert torch.autograd.gradcheck(convolve_bins, inputs)


def test_more_lanes_than_a_block(monkeypatch: Patch) -> None:
    x, a = draw(1, 7, 8, 2 * taps.BLOCK // 7), coefficients(True)[:, :, :1]
    for found, right in zip(everything(x, a), by_transforms(x, a, monkeypatch), strict=True):
        assert error(found, right) < 1e-12


@pytest.mark.parametrize("empty", [(0, 1, 4, 2), (1, 0, 4, 2), (1, 1, 4, 0)])
def test_nothing_gives_nothing(empty: tuple[int, ...]) -> None:
    x = draw(*empty)
    y = convolve_bins(x.requires_grad_(), draw(empty[0], empty[1], empty[3], empty[2]))
    y.sum().backward()  # type: ignore[no-untyped-call]
    assert y.shape == x.shape


def test_where_it_is_taken(monkeypatch: Patch) -> None:
    """Control: the comparisons above would pass as well if both ways were the same."""
    taken: list[int] = []

    def record(x_BNRD: Tensor, h_BNDR: Tensor) -> Tensor:
        taken.append(h_BNDR.shape[-1])
        return convolve_bins(x_BNRD, h_BNDR)

    monkeypatch.setattr(realisations, "convolve_bins", record)
    for steps in (MOST_TAPS, MOST_TAPS + 1):
        everything(draw(B, N, steps, D).float(), coefficients(True).float())
    assert taken == [MOST_TAPS]
    everything(draw(B, N, 4, D).bfloat16(), coefficients(True).float())
    monkeypatch.setenv("FOCUS_KERNELS", "loops")
    everything(draw(B, N, 4, D), coefficients(True))
    assert taken == [MOST_TAPS]


def test_negative_control_a_tap_too_few_is_seen(monkeypatch: Patch) -> None:
    x, a = draw(B, N, 8, D), coefficients(False)
    expected = by_transforms(x, a, monkeypatch)

    def shorter(x_BNRD: Tensor, h_BNDR: Tensor) -> Tensor:
        cut = h_BNDR.clone()
        cut[..., -1] = 0
        return few_taps.convolve_bins(x_BNRD, cut)

    monkeypatch.setattr(realisations, "convolve_bins", shorter)
    assert error(everything(x, a)[0], expected[0]) > 1e-6
