"""The recurrence s[t] = w[t] + a[t] s[t-1] with one complex pole a[t] per step.

The backward needs only the result; autograd through the loop would keep every step. T steps,
G rows that run in parallel.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from focus_core.kernels.traced import kernels


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
        u_TG, v_TG = kernels(w_TG, a_TG, b_TG).complex_forward(w_TG, a_TG, b_TG)
        ctx.save_for_backward(u_TG, v_TG, a_TG, b_TG)
        return u_TG, v_TG

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_u_TG: Tensor, grad_v_TG: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        u_TG, v_TG, a_TG, b_TG = ctx.saved_tensors
        states, poles = (u_TG, v_TG), (a_TG, b_TG)
        by = kernels(*ctx.saved_tensors)
        return by.complex_backward((grad_u_TG, grad_v_TG), states, poles)
