"""The exact recurrence y[t] = w[t] - sum_p a_p y[t-p]: what Eq. 4-6 compute with an FFT.

The backward needs only the result; autograd through the loop would keep every step. P order,
N bins, R bin length, G rows that run in parallel.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


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
        N, R, _ = w_NRG.shape
        y_NRG = w_NRG.clone(memory_format=torch.contiguous_format)
        a = [a_NG.unbind(0) for a_NG in a_PNG.unbind(0)]
        y = y_NRG.flatten(0, 1).unbind(0)
        for t in range(N * R):
            for p, a_p in enumerate(a[:t], start=1):
                y[t].addcmul_(a_p[t // R], y[t - p], value=-1)
        ctx.save_for_backward(y_NRG, a_PNG)
        return y_NRG

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_y_NRG: Tensor) -> tuple[Tensor, Tensor]:
        y_NRG, a_PNG = ctx.saved_tensors
        u_NRG = _adjoint(grad_y_NRG, a_PNG)
        return u_NRG, _coefficient_gradient(u_NRG, y_NRG, len(a_PNG))


def _adjoint(grad_y_NRG: Tensor, a_PNG: Tensor) -> Tensor:
    """The same recurrence in reverse: u[t] = grad_y[t] - sum_p a_p(t+p) u[t+p].

    The coefficient is that of step t + p, because step t + p reads y[t].
    """
    N, R, _ = grad_y_NRG.shape
    u_NRG = grad_y_NRG.clone(memory_format=torch.contiguous_format)
    a = [a_NG.unbind(0) for a_NG in a_PNG.unbind(0)]
    u = u_NRG.flatten(0, 1).unbind(0)
    for t in reversed(range(N * R)):
        for p, a_p in enumerate(a[: N * R - 1 - t], start=1):
            u[t].addcmul_(a_p[(t + p) // R], u[t + p], value=-1)
    return u_NRG


def _coefficient_gradient(u_NRG: Tensor, y_NRG: Tensor, order: int) -> Tensor:
    """grad_a_p = -sum over the bin's steps t of u[t] y[t-p]."""
    u_TG, y_TG = u_NRG.flatten(0, 1), y_NRG.flatten(0, 1)
    grad_PNG = u_NRG.new_zeros(order, u_NRG.shape[0], u_NRG.shape[2])
    product_NRG = torch.zeros_like(u_NRG)
    product_TG = product_NRG.flatten(0, 1)
    for p in range(1, min(order, len(u_TG) - 1) + 1):
        product_TG[:p] = 0
        torch.mul(u_TG[p:], y_TG[:-p], out=product_TG[p:])
        torch.sum(product_NRG, dim=1, out=grad_PNG[p - 1])
    return grad_PNG.neg_()
