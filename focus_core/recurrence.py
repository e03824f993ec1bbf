"""The exact recurrences y[t] = w[t] - sum_p a_p y[t-p] and s[t] = w[t] + a[t] s[t-1].

Each has a backward of its own: autograd through the loop would keep every step; only the result is
needed. P order, N bins, R bin length, T = N R steps, G rows that run side by side.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def recur(w_NRG: Tensor, a_PNG: Tensor) -> Tensor:
    """Filter the N * R time steps of each row; step t of bin n uses the coefficients of bin n.

    Args:
        w_NRG: the driving signal, already times its gain.
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

    The coefficient is that of step t + p, the step which read y[t].
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


def recur_complex(w_TG: Tensor, a_TG: Tensor) -> Tensor:
    """s[t] = w[t] + a[t] s[t-1]: one complex pole a step; its modulus and angle may change.

    |s| never grows without input while |a| <= 1, however a varies: a rotation and a contraction.

    Args:
        w_TG: the real driving signal, already times its gain.
        a_TG: complex poles.

    Returns:
        s_TG, complex.
    """
    s_TG: Tensor = _ComplexRecurrence.apply(w_TG, a_TG)  # type: ignore[no-untyped-call]
    return s_TG


class _ComplexRecurrence(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, w_TG: Tensor, a_TG: Tensor) -> Tensor:
        s_TG = w_TG.to(a_TG.dtype)
        s, a = s_TG.unbind(0), a_TG.unbind(0)
        for t in range(1, len(s)):
            s[t].addcmul_(a[t], s[t - 1])
        ctx.save_for_backward(s_TG, a_TG)
        return s_TG

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_s_TG: Tensor) -> tuple[Tensor, Tensor]:
        """u[t] = grad_s[t] + conj(a[t+1]) u[t+1]; the loop runs on conj(u)."""
        s_TG, a_TG = ctx.saved_tensors
        v_TG = torch.conj_physical(grad_s_TG)
        v, a = v_TG.unbind(0), a_TG.unbind(0)
        for t in reversed(range(len(v) - 1)):
            v[t].addcmul_(a[t + 1], v[t + 1])
        grad_a_TG = torch.zeros_like(a_TG)
        torch.mul(v_TG[1:], s_TG[:-1], out=grad_a_TG[1:])
        return v_TG.real.contiguous(), torch.conj_physical(grad_a_TG)
