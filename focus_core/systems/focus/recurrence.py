"""The exact recurrence y[t] = w[t] - sum_p a_p y[t-p]: what Eq. 4-6 compute with an FFT.

The backward needs only the result; autograd through the loop would keep every step. P order,
N bins, R bin length, G rows that run in parallel.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from focus_core.kernels.traced import kernels


def recur(w_NRG: Tensor, a_PNG: Tensor) -> Tensor:
    """Filter the N * R time steps of each row; step t of bin n uses the coefficients of bin n.

    Args:
        w_NRG: the driving signal, already multiplied by its gain.
        a_PNG: coefficients.

    Returns:
        y_NRG; the state (past outputs) is carried from bin to bin.
    """
    y_NRG: Tensor = _Recurrence.apply(w_NRG, a_PNG)  # type: ignore[no-untyped-call]
    return y_NRG


class _Recurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, w_NRG: Tensor, a_PNG: Tensor) -> Tensor:
        y_NRG = kernels(w_NRG, a_PNG).recur_forward(w_NRG, a_PNG)
        ctx.save_for_backward(y_NRG, a_PNG)
        return y_NRG

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_y_NRG: Tensor) -> tuple[Tensor, Tensor]:
        y_NRG, a_PNG = ctx.saved_tensors
        return kernels(*ctx.saved_tensors).recur_backward(grad_y_NRG, y_NRG, a_PNG)
