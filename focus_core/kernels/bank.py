"""A bank of coupled poles compiled for a CPU: from logits to the output in one pass each way.

A pass over time turns logits into poles, drives and turns the states, and mixes them. Therefore no
pole, gain or drive is ever written for a whole sequence, and a bin's poles are computed once.

The sine and cosine of pi m, with m from 0 to 1/2, are Taylor polynomials. They leave an error below
a unit in the last place of 1, in both precisions. The gain sqrt(1 - r^2) comes from 1 - r =
(1 - c) + c sigmoid(-s), which loses no digits where r is close to 1.

L length, B batch, D width, F filters, N bins, R bin length, I parts of a pole and of its state (2,
or 1 for real poles), H = F * D lanes of a token.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import torch
from torch import Tensor

from focus_core.kernels.compiled import array
from focus_core.kernels.compiled_bank import SPAN, backward, forward

TERMS = {torch.float32: (7, 8), torch.float64: (12, 13)}
"""The number of terms of sine and cosine: the next one is below a unit in the last place."""


def bank_forward(
    s_NBIH: Tensor, x_LBD: Tensor, mix_IH: Tensor, *, bin_length: int, radius: float
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The mix of the states s[t] = r e^{jw} s[t-1] + sqrt(1 - r^2) x[t].

    Args:
        s_NBIH: logits of every bin's poles: r = radius sigmoid(s), w = pi sigmoid(s).
        x_LBD: the input.
        mix_IH: weights of the parts of the states.
        bin_length: R; the last bin may be shorter.
        radius: the largest radius, below 1.

    Returns:
        y_LBD, and what the backward needs: q_NBIH, which is sigmoid(-s) for the radius and
        sigmoid(s) for the angle, and the states s_ILG.
    """
    sign_I1 = s_NBIH.new_tensor([[-1.0], [1.0]])[: len(mix_IH)]
    q_NBIH = (s_NBIH * sign_I1).contiguous().sigmoid_()
    (L, B, _), (I, H) = x_LBD.shape, mix_IH.shape
    y_LBD = torch.empty_like(x_LBD, memory_format=torch.contiguous_format)
    s_ILG, rows_3G = x_LBD.new_empty(I, L, B * H), x_LBD.new_empty(3, B * H)
    if y_LBD.numel():
        arrays = map(array, (q_NBIH, x_LBD, mix_IH, s_ILG, rows_3G, y_LBD))
        forward(bin_length, _constants(x_LBD.dtype, radius), *arrays)
    return y_LBD, (q_NBIH, s_ILG)


def bank_backward(
    grad_y_LBD: Tensor,
    x_LBD: Tensor,
    mix_IH: Tensor,
    kept: tuple[Tensor, Tensor],
    *,
    bin_length: int,
    radius: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of s_NBIH, x_LBD and mix_IH; ``kept`` is what ``bank_forward`` returned."""
    q_NBIH, s_ILG = kept
    grad_s_NBIH = torch.empty_like(q_NBIH)
    grad_x_LBD = torch.empty_like(x_LBD, memory_format=torch.contiguous_format)
    (L, B, _), (I, H) = x_LBD.shape, mix_IH.shape
    spans_CIH = x_LBD.new_zeros(-(-L // SPAN), I, H)
    if x_LBD.numel():
        rows = tuple(array(x_LBD.new_zeros(10, B * H)))
        made = (grad_s_NBIH, grad_x_LBD, spans_CIH)
        arrays = map(array, (grad_y_LBD, q_NBIH, x_LBD, mix_IH, s_ILG, *made))
        backward(bin_length, _constants(x_LBD.dtype, radius), rows, *arrays)
    return grad_s_NBIH, grad_x_LBD, spans_CIH.sum(dim=0)


@cache
def _constants(kind: torch.dtype, radius: float) -> tuple[tuple[Any, ...], ...]:
    """(c, 1 - c, pi), and the terms of sin(pi m) and cos(pi m), the highest power first."""

    def exact(numbers: list[float]) -> tuple[Any, ...]:
        return tuple(torch.tensor(numbers, dtype=torch.float64).to(kind).numpy())

    sines, cosines = TERMS[kind]
    pi = math.pi
    sin = [(-1) ** k * pi ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(sines)]
    cos = [(-1) ** k * pi ** (2 * k) / math.factorial(2 * k) for k in range(cosines)]
    return exact([radius, 1 - radius, pi]), exact(sin[::-1]), exact(cos[::-1])
