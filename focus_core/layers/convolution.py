"""Convolution by FFT, along the last axis. B batch, D channels, L length, J taps, K frequencies."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional


def convolve(x_BDL: Tensor, kernel_BDJ: Tensor, *, circular: bool = False) -> Tensor:
    """y[t] = sum_j kernel[j] x[t-j], of the length of x.

    Args:
        x_BDL: the input; there may be any leading axes.
        kernel_BDJ: taps from lag 0 on; leading axes broadcast over those of x.
        circular: transform L points, so that the end of x wraps to its start: this leaks.

    Returns:
        y_BDL, in at least float32 (half types have no FFT of every length).

    Raises:
        ValueError: more taps than steps, unless a compiler traces this.
    """
    x_BDL = x_BDL.to(torch.promote_types(x_BDL.dtype, torch.float32))
    kernel_BDJ = kernel_BDJ.to(torch.promote_types(kernel_BDJ.dtype, torch.float32))
    if torch.compiler.is_compiling():
        traced_BDL: Tensor = _convolved(x_BDL, kernel_BDJ, circular)
        return traced_BDL
    L, J = x_BDL.shape[-1], kernel_BDJ.shape[-1]
    if J > L:
        raise ValueError(f"a kernel of {J} taps is longer than the {L} steps it is applied to")
    y_BDL: Tensor = _Convolution.apply(  # type: ignore[no-untyped-call]
        x_BDL, kernel_BDJ, _points(L, J, circular)
    )
    return y_BDL


def _points(length: int, taps: int, circular: bool) -> int:
    """The size of the transforms: a power of two, unless the end wraps to the start."""
    return length if circular else 1 << max(0, length + taps - 2).bit_length()


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
        grad_x_BDL, grad_kernel_BDJ = _gradients(grad_y_BDL, *ctx.saved_tensors, n=ctx.n)
        return grad_x_BDL[..., : ctx.L], grad_kernel_BDJ[..., : ctx.J], None


def _gradients(
    grad_y_BDL: Tensor, X_BDK: Tensor, H_BDK: Tensor, *, n: int
) -> tuple[Tensor, Tensor]:
    """The gradients of x and of the kernel, both with ``n`` steps."""
    G_BDK = torch.fft.rfft(grad_y_BDL, n=n)
    # In a compiled graph, a conjugate that is only marked as one is read without its mark.
    shared_BDK = (G_BDK * X_BDK.conj_physical()).sum_to_size(H_BDK.shape)
    return torch.fft.irfft(G_BDK * H_BDK.conj_physical(), n=n), torch.fft.irfft(shared_BDK, n=n)


@torch.library.custom_op("focus_core::convolve", mutates_args=())
def _convolved(x_BDL: Tensor, kernel_BDJ: Tensor, circular: bool) -> Tensor:
    """The convolution as an operator, which leaves out the taps that no step reaches.

    A compiler can neither cut a kernel to an unknown length nor find the next power of two.
    """
    return convolve(x_BDL, kernel_BDJ[..., : x_BDL.shape[-1]], circular=circular).contiguous()


@_convolved.register_fake
def _(x_BDL: Tensor, kernel_BDJ: Tensor, circular: bool) -> Tensor:  # noqa: ARG001
    like = torch.promote_types(x_BDL.dtype, kernel_BDJ.dtype)
    shape = (x_BDL[..., 0] * kernel_BDJ[..., 0]).shape
    return x_BDL.new_empty((*shape, x_BDL.shape[-1]), dtype=like)


@torch.library.custom_op("focus_core::convolve_backward", mutates_args=())
def _convolved_back(
    grad_BDL: Tensor, x_BDL: Tensor, kernel_BDJ: Tensor, circular: bool
) -> tuple[Tensor, Tensor]:
    L, J = x_BDL.shape[-1], kernel_BDJ.shape[-1]
    seen = min(L, J)
    n = _points(L, seen, circular)
    X_BDK = torch.fft.rfft(x_BDL, n=n)
    H_BDK = torch.fft.rfft(kernel_BDJ[..., :seen], n=n)
    grad_x, grad_kernel = _gradients(grad_BDL, X_BDK, H_BDK, n=n)
    return grad_x[..., :L].contiguous(), functional.pad(grad_kernel[..., :seen], (0, J - seen))


@_convolved_back.register_fake
def _(
    grad_BDL: Tensor,  # noqa: ARG001
    x_BDL: Tensor,
    kernel_BDJ: Tensor,
    circular: bool,  # noqa: ARG001
) -> tuple[Tensor, Tensor]:
    return x_BDL.new_empty(x_BDL.shape), kernel_BDJ.new_empty(kernel_BDJ.shape)


def _keep(ctx: Any, inputs: tuple[Tensor, Tensor, bool], output: Tensor) -> None:  # noqa: ARG001
    x_BDL, kernel_BDJ, ctx.circular = inputs
    ctx.save_for_backward(x_BDL, kernel_BDJ)


def _back(ctx: Any, grad_BDL: Tensor) -> tuple[Tensor, Tensor, None]:
    return *_convolved_back(grad_BDL, *ctx.saved_tensors, ctx.circular), None


_convolved.register_autograd(_back, setup_context=_keep)
