"""The adaptive filters of the Focus layer: each bin passes through its own bank (Eq. 4-8).

The paper multiplies in the frequency domain. Here the same filters run in time, as a recurrence:
that is exact, and causal.

B batch, L length, D width, N bins, R bin length, O pooling windows a bin, F filters, P order.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from focus_core.layers.attention import from_bins, to_bins
from focus_core.systems.focus.recurrence import recur
from focus_core.systems.focus.stepping import SteppedBank

Rows = Callable[[Tensor, Tensor], Tensor]
"""Filters every row of w_NRG with coefficients a_PNG, as ``recur`` does."""


class FilterBank(SteppedBank):
    """F all-pole filters per channel, with coefficients of their own in every bin."""

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """x_f, (B, L, D)."""
        x_BNRD = to_bins(x_BLD, self.model.bin_length)  # x_r of Eq. 4
        s_BNDFP = self.logits(e_BNDO, x_BNRD.shape[1]).to(x_BLD.dtype)
        y_BNRD = self.filtered_bins(x_BNRD, s_BNDFP)
        return from_bins(y_BNRD, x_BLD.shape[1])  # Eq. 8

    def filtered_bins(self, x_BNRD: Tensor, s_BNDFP: Tensor) -> Tensor:
        """The bins after their filters, (B, N, R, D)."""
        a_BNDFP, _ = self.to_filters(s_BNDFP)
        w_FBNRD = x_BNRD.expand(a_BNDFP.shape[3], *x_BNRD.shape)  # all filters read the same
        return sum_of_bank(recur_in_bins(w_FBNRD, a_BNDFP))

    def to_filters(self, s_BNDFP: Tensor) -> tuple[Tensor, Tensor | None]:
        """Coefficients, and no gains."""
        return torch.sigmoid(s_BNDFP), None  # the last activation of H, below Eq. 5


def recur_in_bins(w_FBNRD: Tensor, a_BNDFP: Tensor, run: Rows = recur) -> Tensor:
    """y[t] = w[t] - sum_p a_p y[t-p] in each bin (Eq. 5, 6), from past outputs of 0.

    Every bin is a row of its own: ``run`` takes R steps, however long the sequence.
    """
    F, B, N, R, D = w_FBNRD.shape
    P = a_BNDFP.shape[4]
    w_RFBND, a_PFBND = w_FBNRD.permute(3, 0, 1, 2, 4), a_BNDFP.permute(4, 3, 0, 1, 2)
    if a_PFBND.shape[2:4] != (B, N):  # filters that all bins share
        a_PFBND = a_PFBND.expand(P, F, B, N, D)
    w_1RG = w_RFBND.clone(memory_format=torch.contiguous_format).view(1, R, F * B * N * D)
    a_P1G = a_PFBND.clone(memory_format=torch.contiguous_format).view(P, 1, F * B * N * D)
    return run(w_1RG, a_P1G).view(R, F, B, N, D).permute(1, 2, 3, 0, 4)


def sum_of_bank(y_FBNRD: Tensor) -> Tensor:
    """The sum over the filters of a bank, y_BNRD (Eq. 7)."""
    return y_FBNRD.sum(dim=0) if len(y_FBNRD) > 1 else y_FBNRD.squeeze(0)
