"""Convolution by FFT, along the last axis. B batch, D channels, L length, J taps, K frequencies."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def convolve(x_BDL: Tensor, kernel_BDJ: Tensor, *, circular: bool = False) -> Tensor:
    """y[t] = sum_j kernel[j] x[t-j], of the length of x.

    Args:
        x_BDL: the input; there may be any leading axes.
        kernel_BDJ: taps from lag 0 on; leading axes broadcast over those of x.
        circular: transform L points, so that the end of x wraps to its start: this leaks.

    Returns:
        y_BDL, in at least float32 (half types have no FFT of every length).

    Raises:
        ValueError: more taps than steps.
    """
    L, J = x_BDL.shape[-1], kernel_BDJ.shape[-1]
    if J > L:
        raise ValueError(f"a kernel of {J} taps is longer than the {L} steps it is applied to")
    n = L if circular else _power_of_two(L + J - 1)
    y_BDL: Tensor = _Convolution.apply(  # type: ignore[no-untyped-call]
        x_BDL.to(torch.promote_types(x_BDL.dtype, torch.float32)),
        kernel_BDJ.to(torch.promote_types(kernel_BDJ.dtype, torch.float32)),
        n,
    )
    return y_BDL


def _power_of_two(at_least: int) -> int:
    return 1 << max(0, at_least - 1).bit_length()


class _Convolution(torch.autograd.Function):
    """With its own backward: torch differentiates rfft by a complex FFT of twice the size."""

    @staticmethod
    def forward(ctx: Any, x_BDL: Tensor, kernel_BDJ: Tensor, n: int) -> Tensor:
        X_BDK, H_BDK = torch.fft.rfft(x_BDL, n=n), torch.fft.rfft(kernel_BDJ, n=n)
        ctx.save_for_backward(X_BDK, H_BDK)
        ctx.n, ctx.L, ctx.J = n, x_BDL.shape[-1], kernel_BDJ.shape[-1]
        y_BDL: Tensor = torch.fft.irfft(X_BDK * H_BDK, n=n)
        return y_BDL[..., : ctx.L]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_y_BDL: Tensor) -> tuple[Tensor, Tensor, None]:
        X_BDK, H_BDK = ctx.saved_tensors
        G_BDK = torch.fft.rfft(grad_y_BDL, n=ctx.n)
        grad_x_BDL = torch.fft.irfft(G_BDK * H_BDK.conj(), n=ctx.n)[..., : ctx.L]
        shared_BDK = (G_BDK * X_BDK.conj()).sum_to_size(H_BDK.shape)
        grad_kernel_BDJ = torch.fft.irfft(shared_BDK, n=ctx.n)[..., : ctx.J]
        return grad_x_BDL, grad_kernel_BDJ, None
