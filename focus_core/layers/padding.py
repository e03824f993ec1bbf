"""Sequences of unequal lengths in one batch: padding follows each sequence, and is never counted.

A causal mixer reads no padding at a sequence's own positions. What reads whole sequences, as a mean
over time or a reversed sequence does, needs the lengths.
"""

from __future__ import annotations

import torch
from torch import Tensor


def reversed_in_time(x_BLD: Tensor, lengths_B: Tensor | None) -> Tensor:
    """Each sequence from its end to its start, (B, L, D); its padding stays behind it.

    Args:
        x_BLD: the sequences.
        lengths_B: the number of positions that are not padding; None for no padding.
    """
    if lengths_B is None:
        return x_BLD.flip(1)
    place_L = torch.arange(x_BLD.shape[1], device=x_BLD.device)
    back_BL = lengths_B[:, None] - 1 - place_L
    from_BL = torch.where(back_BL >= 0, back_BL, place_L)
    return x_BLD.gather(1, from_BL[..., None].expand_as(x_BLD))


def mean_over_time(x_BLD: Tensor, lengths_B: Tensor | None) -> Tensor:
    """The mean of each sequence's own positions, (B, 1, D); the arguments as above."""
    if lengths_B is None:
        return x_BLD.mean(dim=1, keepdim=True)
    is_padding_BL = torch.arange(x_BLD.shape[1], device=x_BLD.device) >= lengths_B[:, None]
    total_B1D = x_BLD.masked_fill(is_padding_BL[..., None], 0.0).sum(dim=1, keepdim=True)
    return total_B1D / lengths_B[:, None, None]
