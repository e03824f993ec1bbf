"""A short causal convolution, separate per channel. B batch, L length, D width, J taps."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable


class ShortConv(nn.Module):
    """y[t] = bias + sum_j taps[j] x[t - j] over the lags j = 0 ... J - 1."""

    def __init__(self, width: int, taps: int) -> None:
        super().__init__()
        self.taps_DJ = nn.Parameter(torch.empty(width, taps))
        self.bias_D = nn.Parameter(torch.empty(width))

    def forward(self, x_BLD: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        y_BLD: Tensor = _Shifted.apply(  # type: ignore[no-untyped-call]
            x_BLD, self.taps_DJ, self.bias_D
        )
        return y_BLD

    def initial_state(self, batch: int) -> Tensor:
        """The last J - 1 inputs x_BJD, oldest first: zeros."""
        D, J = self.taps_DJ.shape
        return self.taps_DJ.new_zeros(batch, J - 1, D)

    def step(self, x_BD: Tensor, past_BJD: Tensor) -> tuple[Tensor, Tensor]:
        """The output for the next token, (B, D), and the inputs to keep."""
        known_BJD = torch.cat((past_BJD, x_BD[:, None]), dim=1)
        y_BD = torch.einsum("bjd,dj->bd", known_BJD, self.taps_DJ.flip(1)) + self.bias_D
        return y_BD, known_BJD[:, 1:]

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Taps N(0, 1 / J), which keep the variance of white noise; biases 0."""
        if name == "bias_D":
            return torch.zeros(self.bias_D.shape)
        scale: float = self.taps_DJ.shape[1] ** -0.5
        return scale * torch.randn(self.taps_DJ.shape, generator=generator)


class _Shifted(torch.autograd.Function):
    """A sum of shifted products: torch's grouped convolution takes several times as long."""

    @staticmethod
    def forward(ctx: Any, x_BLD: Tensor, taps_DJ: Tensor, bias_D: Tensor) -> Tensor:
        ctx.save_for_backward(x_BLD, taps_DJ)
        y_BLD = torch.addcmul(bias_D, x_BLD, taps_DJ[:, 0])
        for lag, now, past in _lags(x_BLD, taps_DJ):
            y_BLD[:, now].addcmul_(x_BLD[:, past], taps_DJ[:, lag])
        return y_BLD

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_BLD: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x_BLD, taps_DJ = ctx.saved_tensors
        grad_x_BLD = grad_BLD * taps_DJ[:, 0]
        grad_taps_DJ = torch.zeros_like(taps_DJ)
        grad_taps_DJ[:, 0] = (grad_BLD * x_BLD).sum(dim=(0, 1))
        for lag, now, past in _lags(x_BLD, taps_DJ):
            grad_x_BLD[:, past].addcmul_(grad_BLD[:, now], taps_DJ[:, lag])
            grad_taps_DJ[:, lag] = (grad_BLD[:, now] * x_BLD[:, past]).sum(dim=(0, 1))
        return grad_x_BLD, grad_taps_DJ, grad_BLD.sum(dim=(0, 1))


def _lags(x_BLD: Tensor, taps_DJ: Tensor) -> list[tuple[int, slice, slice]]:
    """Every lag from 1 on, the steps with an input so far back, and the steps of that input."""
    L, J = x_BLD.shape[1], taps_DJ.shape[1]
    return [(lag, slice(lag, None), slice(L - lag)) for lag in range(1, min(L, J))]
