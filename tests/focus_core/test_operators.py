"""The operators that a compiler sees compute what the loops do, and say the right shapes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from focus_core.kernels import loops, operators
from focus_core.layers import convolution
from focus_core.layers.convolution import convolve


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape))).double()


W_NRG, A_PNG, GRAD_NRG = draw(3, 4, 5), 0.2 * draw(2, 3, 5), draw(3, 4, 5)
W_TG, A_TG, B_TG, P_TG, Q_TG = (0.5 * draw(n, 6)[:7] for n in (7, 8, 9, 10, 11))
STATES = loops.complex_forward(W_TG, A_TG, B_TG)
Y_NRG = loops.recur_forward(W_NRG, A_PNG)


@pytest.mark.parametrize(
    ("operator", "given"),
    [
        (operators.recur_forward, (W_NRG, A_PNG)),
        (operators.recur_backward, (GRAD_NRG, Y_NRG, A_PNG)),
        (operators.complex_forward, (W_TG, A_TG, B_TG)),
        (operators._complex_backward, (P_TG, Q_TG, *STATES, A_TG, B_TG)),
        (convolution._convolved, (draw(2, 3, 9).requires_grad_(), draw(3, 12), False)),
        (convolution._convolved_back, (draw(2, 3, 9), draw(2, 3, 9), draw(3, 12), False)),
    ],
    ids=lambda v: getattr(v, "_name", ""),
)
def test_torch_finds_nothing_wrong_with_an_operator(
    operator: Any, given: tuple[Tensor, ...]
) -> None:
    """Its shapes, strides and types, its schema, and that no result shares an input's memory."""
    torch.library.opcheck(operator, given)


@pytest.mark.parametrize("kernels", ["loops", "auto"])
def test_an_operator_gives_what_the_loops_give(
    kernels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOCUS_KERNELS", kernels)
    found = [
        operators.recur_forward(W_NRG, A_PNG),
        *operators.recur_backward(GRAD_NRG, Y_NRG, A_PNG),
        *operators.complex_forward(W_TG, A_TG, B_TG),
        *operators.complex_backward((P_TG, Q_TG), STATES, (A_TG, B_TG)),
    ]
    expected = [
        Y_NRG,
        *loops.recur_backward(GRAD_NRG, Y_NRG, A_PNG),
        *STATES,
        *loops.complex_backward((P_TG, Q_TG), STATES, (A_TG, B_TG)),
    ]
    assert len(found) == len(expected) == 8
    for x, y in zip(found, expected, strict=True):
        assert (x - y).abs().max() < 1e-12
        assert (x - y.roll(1, dims=0)).abs().max() > 1e-3  # control


def test_the_operator_leaves_out_taps_that_no_step_reaches() -> None:
    x_BDL, kernel_DJ = draw(2, 3, 9).requires_grad_(), draw(3, 12).requires_grad_()
    found = convolution._convolved(x_BDL, kernel_DJ, False)
    expected = convolve(x_BDL, kernel_DJ[:, :9])
    assert torch.equal(found, expected)
    weight = draw(2, 3, 9)
    grads = torch.autograd.grad(found, (x_BDL, kernel_DJ), weight)
    others = torch.autograd.grad(expected, (x_BDL, kernel_DJ), weight)
    assert all((a - b).abs().max() < 1e-12 for a, b in zip(grads, others, strict=True))
    assert (grads[1][:, 9:] == 0).all()
