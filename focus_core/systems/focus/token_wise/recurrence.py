"""The recurrence s[t] = w[t] + a[t] s[t-1] with one complex pole a[t] per step.

The backward needs only the result; autograd through the loop would keep every step. T steps,
G rows that run in parallel.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


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
