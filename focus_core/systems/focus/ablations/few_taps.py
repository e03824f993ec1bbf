"""Short kernels that every bin and channel has for itself: summed tap by tap where that is faster.

With 16 taps, transforms take five to eight times as long; with 256, they are faster. B batch, N
bins, R bin length, which is also the number of taps, D channels, G = B * N * D lanes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from focus_core.kernels.choice import chosen

MOST_TAPS = 64


def sums_tap_by_tap(x_BNRD: Tensor, h_BNDR: Tensor) -> bool:
    """Whether ``convolve_bins`` takes tensors of this device, type and size."""
    if torch.compiler.is_compiling() or h_BNDR.shape[-1] > MOST_TAPS:
        return False
    return chosen(x_BNRD, h_BNDR) == "numba"


def convolve_bins(x_BNRD: Tensor, h_BNDR: Tensor) -> Tensor:
    """y[t] = sum over s up to t of h[s] x[t-s] within each bin, y_BNRD.

    Args:
        x_BNRD: the input, cut into bins.
        h_BNDR: the taps; their first two axes broadcast over those of the input.
    """
    B, N, R, D = x_BNRD.shape
    x_RBND, h_RBND = x_BNRD.permute(2, 0, 1, 3), h_BNDR.expand(B, N, D, R).permute(3, 0, 1, 2)
    y_RG: Tensor = _FewTaps.apply(  # type: ignore[no-untyped-call]
        *(z.clone(memory_format=torch.contiguous_format).view(R, -1) for z in (x_RBND, h_RBND))
    )
    return y_RG.view(R, B, N, D).permute(1, 2, 0, 3)


class _FewTaps(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x_RG: Tensor, h_RG: Tensor) -> Tensor:
        from focus_core.kernels.taps import taps_forward

        ctx.save_for_backward(x_RG, h_RG)
        return taps_forward(x_RG, h_RG)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad_y_RG: Tensor) -> tuple[Tensor, Tensor]:
        from focus_core.kernels.taps import taps_backward

        return taps_backward(grad_y_RG, *ctx.saved_tensors)
