"""Other poolings of each window of a bin to one number, which the hypernetwork reads (Eq. 2).

B batch, L length, D width, N bins, R bin length, O windows a bin, W steps of the longest window.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from focus_core.systems.focus.hypernetwork import max_pool


def pool(x_BLD: Tensor, bins: int, bin_length: int, windows: int, how: str = "max") -> Tensor:
    """One number e_BNDO for each window of each of the first ``bins`` bins: see ``max_pool``.

    Args:
        x_BLD: the sequence. Steps that are missing in the last bin count as 0. With ``"max"`` they
            are ignored, and a window of missing steps gives 0.
        bins: N.
        bin_length: R, in steps.
        windows: O.
        how: ``"max"``, ``"avg"``, ``"last"`` (the window's last step) or ``"lse"`` (the logarithm
            of the mean exponential: between the mean and the maximum).

    Returns:
        e_BNDO.
    """
    if how == "max":
        return _maxima(x_BLD, bins, bin_length, windows)
    missing = max(0, bins * bin_length - x_BLD.shape[1])
    x_BLD = functional.pad(x_BLD, (0, 0, 0, missing))[:, : bins * bin_length]
    x_BNDR = torch.unflatten(x_BLD, 1, (bins, bin_length)).transpose(2, 3)
    steps_OW, counted_OW = _windows(bin_length, windows, x_BLD.device)
    if how == "last":
        return x_BNDR[..., steps_OW[:, -1]]
    x_BNDOW = x_BNDR[..., steps_OW]
    count_O = counted_OW.sum(dim=1).to(x_BLD.dtype)
    if how == "avg":
        return (x_BNDOW * counted_OW).sum(dim=-1) / count_O
    outside = x_BNDOW.masked_fill(~counted_OW, -math.inf)
    return torch.logsumexp(outside, dim=-1) - torch.log(count_O)


def _windows(bin_length: int, windows: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The steps of each window, (O, W), and which count; a shorter window repeats its last step."""
    first_O1 = torch.arange(windows, device=device)[:, None] * bin_length // windows
    last_O1 = -(-torch.arange(1, windows + 1, device=device)[:, None] * bin_length // windows) - 1
    steps_OW = first_O1 + torch.arange(int((last_O1 - first_O1).max()) + 1, device=device)
    return steps_OW.minimum(last_O1), steps_OW <= last_O1


def _maxima(x_BLD: Tensor, bins: int, bin_length: int, windows: int) -> Tensor:
    missing = bins * bin_length - x_BLD.shape[1]
    if missing <= 0:
        return max_pool(x_BLD, bins, bin_length, windows)
    # Only if a filter is computed from the last bin. A window without a token gives 0.
    x_BDL = functional.pad(x_BLD.transpose(1, 2), (0, missing), value=-math.inf)
    e_BNDO = max_pool(x_BDL.transpose(1, 2), bins, bin_length, windows)
    return e_BNDO.masked_fill(torch.isneginf(e_BNDO), 0)
