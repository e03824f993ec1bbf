"""A bank of coupled poles in one pass over time, where the compiled kernels can run.

Autograd through the single operations would write a dozen tensors as long as the sequence. L
length, B batch, D width, N bins, I parts of a pole and of its state, H lanes of a token: F * D.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from focus_core.kernels.choice import chosen
from focus_core.systems.focus.ablations.coefficients import MAX_RADIUS


def runs_in_one_pass(*tensors: Tensor) -> bool:
    """Whether ``mixed_states`` takes tensors of this device and type."""
    return not torch.compiler.is_compiling() and chosen(*tensors) == "numba"


def mixed_states(s_NBIH: Tensor, x_LBD: Tensor, mix_IH: Tensor, bin_length: int) -> Tensor:
    """The mix over F of s[t] = r e^{jw} s[t-1] + sqrt(1 - r^2) x[t], y_LBD.

    Args:
        s_NBIH: the logits of r and w in each bin.
        x_LBD: the input.
        mix_IH: weights of the parts of the states.
        bin_length: tokens that share their poles.
    """
    y_LBD: Tensor = _MixedStates.apply(  # type: ignore[no-untyped-call]
        s_NBIH, x_LBD, mix_IH, bin_length
    )
    return y_LBD


class _MixedStates(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, s_NBIH: Tensor, x_LBD: Tensor, mix_IH: Tensor, bin_length: int) -> Tensor:
        from focus_core.kernels.bank import bank_forward

        ctx.how = {"bin_length": bin_length, "radius": MAX_RADIUS}
        y_LBD, kept = bank_forward(s_NBIH, x_LBD, mix_IH, **ctx.how)
        ctx.save_for_backward(x_LBD, mix_IH, *kept)
        return y_LBD

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_y_LBD: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        from focus_core.kernels.bank import bank_backward

        x_LBD, mix_IH, *kept = ctx.saved_tensors
        return *bank_backward(grad_y_LBD, x_LBD, mix_IH, tuple(kept), **ctx.how), None
