"""A causal convolution with few taps, other taps in every lane, compiled for a CPU.

R steps, which is also the number of taps, G lanes that run in parallel.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from focus_core.kernels.compiled import array, compiled

BLOCK = 1024  # lanes of a step that are computed in one go


def taps_forward(x_RG: Tensor, h_RG: Tensor) -> Tensor:
    """y[t] = sum over s up to t of h[s] x[t-s]."""
    y_RG = torch.empty_like(x_RG, memory_format=torch.contiguous_format)
    if y_RG.numel():
        _convolve(*map(array, (x_RG, h_RG, y_RG)))
    return y_RG


def taps_backward(grad_y_RG: Tensor, x_RG: Tensor, h_RG: Tensor) -> tuple[Tensor, Tensor]:
    """The gradients of x_RG and of h_RG."""
    grad_x_RG = torch.empty_like(x_RG, memory_format=torch.contiguous_format)
    grad_h_RG = torch.empty_like(grad_x_RG)
    if grad_x_RG.numel():
        _correlate(*map(array, (grad_y_RG, h_RG, grad_x_RG)))
        _correlate(*map(array, (grad_y_RG, x_RG, grad_h_RG)))
    return grad_x_RG, grad_h_RG


@compiled
def _convolve(x: Any, h: Any, y: Any) -> None:
    for first in range(0, x.shape[1], BLOCK):
        lanes = slice(first, min(first + BLOCK, x.shape[1]))
        for t in range(x.shape[0]):
            y_t, x_t, h_0 = y[t, lanes], x[t, lanes], h[0, lanes]
            for g in range(len(y_t)):
                y_t[g] = h_0[g] * x_t[g]
            for s in range(1, t + 1):
                h_s, past = h[s, lanes], x[t - s, lanes]
                for g in range(len(y_t)):
                    y_t[g] += h_s[g] * past[g]


@compiled
def _correlate(grad: Any, other: Any, found: Any) -> None:
    """found[s] = sum over t from s on of grad[t] other[t-s]."""
    R = grad.shape[0]
    for first in range(0, grad.shape[1], BLOCK):
        lanes = slice(first, min(first + BLOCK, grad.shape[1]))
        for s in range(R):
            found_s, grad_s, other_0 = found[s, lanes], grad[s, lanes], other[0, lanes]
            for g in range(len(found_s)):
                found_s[g] = grad_s[g] * other_0[g]
            for t in range(s + 1, R):
                grad_t, other_t = grad[t, lanes], other[t - s, lanes]
                for g in range(len(found_s)):
                    found_s[g] += grad_t[g] * other_t[g]
