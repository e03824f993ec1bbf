"""The exact recurrences y[t] = w[t] - sum_p a_p y[t-p] and s[t] = w[t] + a[t] s[t-1].

Each has a backward of its own, which needs only the result; autograd through the loop would keep
every step. P order, N bins, R bin length, T = N R steps, G rows that run in parallel.
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


def recur_complex(w_TG: Tensor, decay_TG: Tensor, angle_TG: Tensor) -> tuple[Tensor, Tensor]:
    """s[t] = w[t] + e^{decay[t] + j angle[t]} s[t-1]: one complex pole per step.

    Without input, |s| never grows while decay <= 0, even if decay and angle vary: each step is a
    rotation and a contraction. The state is two real tensors, because torch splits and joins
    complex tensors slowly.

    Args:
        w_TG: the real driving signal, already multiplied by its gain.
        decay_TG: the logarithm of each pole's modulus.
        angle_TG: each pole's angle, in radians per step.

    Returns:
        u_TG and v_TG, the real and the imaginary part of s.
    """
    parts: tuple[Tensor, Tensor] = _ComplexRecurrence.apply(  # type: ignore[no-untyped-call]
        w_TG, decay_TG, angle_TG
    )
    return parts


class _ComplexRecurrence(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, w_TG: Tensor, decay_TG: Tensor, angle_TG: Tensor
    ) -> tuple[Tensor, Tensor]:
        modulus_TG = torch.exp(decay_TG)
        a_TG, b_TG = torch.cos(angle_TG).mul_(modulus_TG), torch.sin(angle_TG).mul_(modulus_TG)
        u_TG = w_TG.clone(memory_format=torch.contiguous_format)
        v_TG = torch.zeros_like(u_TG)
        u, v, a, b = (x_TG.unbind(0) for x_TG in (u_TG, v_TG, a_TG, b_TG))
        for t in range(1, len(u)):
            u[t].addcmul_(a[t], u[t - 1]).addcmul_(b[t], v[t - 1], value=-1)
            v[t].addcmul_(a[t], v[t - 1]).addcmul_(b[t], u[t - 1])
        ctx.save_for_backward(u_TG, v_TG, a_TG, b_TG)
        return u_TG, v_TG

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_u_TG: Tensor, grad_v_TG: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        u_TG, v_TG, a_TG, b_TG = ctx.saved_tensors
        p_TG, q_TG = _turned_back(grad_u_TG, grad_v_TG, a_TG, b_TG)
        grad_decay_TG, grad_angle_TG = torch.zeros_like(u_TG), torch.zeros_like(u_TG)
        p, q, u, v, a, b = p_TG[1:], q_TG[1:], u_TG[:-1], v_TG[:-1], a_TG[1:], b_TG[1:]
        grad_a, grad_b = (p * u).addcmul_(q, v), (q * u).addcmul_(p, v, value=-1)
        torch.mul(a, grad_a, out=grad_decay_TG[1:]).addcmul_(b, grad_b)
        torch.mul(a, grad_b, out=grad_angle_TG[1:]).addcmul_(b, grad_a, value=-1)
        return p_TG, grad_decay_TG, grad_angle_TG


def _turned_back(
    grad_u_TG: Tensor, grad_v_TG: Tensor, a_TG: Tensor, b_TG: Tensor
) -> tuple[Tensor, Tensor]:
    """The adjoint in reverse time: (p + jq)[t] = grad[t] + (a - jb)[t+1] (p + jq)[t+1]."""
    p_TG, q_TG = (g.clone(memory_format=torch.contiguous_format) for g in (grad_u_TG, grad_v_TG))
    p, q, a, b = (x_TG.unbind(0) for x_TG in (p_TG, q_TG, a_TG, b_TG))
    for t in reversed(range(len(p) - 1)):
        p[t].addcmul_(a[t + 1], p[t + 1]).addcmul_(b[t + 1], q[t + 1])
        q[t].addcmul_(a[t + 1], q[t + 1]).addcmul_(b[t + 1], p[t + 1], value=-1)
    return p_TG, q_TG
