"""Causal softmax attention with rotary positions: over the whole sequence, or within chunks.

B batch, H heads, L length, M chunk length, C chunks, Z key width, V value width.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def causal_attention(q_BHLZ: Tensor, k_BHLZ: Tensor, v_BHLV: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(Z)) v over the steps up to one's own; positions enter by rotation.

    Returns:
        y_BHLV.
    """
    return functional.scaled_dot_product_attention(
        rotate(q_BHLZ), rotate(k_BHLZ), v_BHLV, is_causal=True
    )


def chunked_attention(q_BLZ: Tensor, k_BLZ: Tensor, v_BLV: Tensor, chunk_length: int) -> Tensor:
    """One head, in chunks of ``chunk_length`` tokens that do not see each other (Eq. 9, 10).

    A last, shorter chunk is padded at its end, where no token looks.

    Returns:
        y_BLV.
    """
    B, L, _ = q_BLZ.shape
    chunks = [to_bins(t, chunk_length).flatten(0, 1).unsqueeze(1) for t in (q_BLZ, k_BLZ, v_BLV)]
    y_BLV = causal_attention(*chunks).reshape(B, -1, v_BLV.shape[-1])
    return y_BLV[:, :L]


def to_bins(x_BLD: Tensor, length: int) -> Tensor:
    """Cut a sequence into bins of ``length`` steps, (B, N, R, D); the last is filled with 0."""
    missing = -x_BLD.shape[1] % length
    if missing:
        x_BLD = functional.pad(x_BLD, (0, 0, 0, missing))
    return torch.unflatten(x_BLD, 1, (-1, length))


def rotate(x_BHLZ: Tensor) -> Tensor:
    """Rotary positions (Su et al. 2021): step t turns pair i by t / 10000^(2 i / Z) radians.

    A pair is two neighbours, taken as a complex number; leading axes may be any.
    """
    L, Z = x_BHLZ.shape[-2:]
    real = torch.promote_types(x_BHLZ.dtype, torch.float32)  # half types have no complex kin
    steps_L = torch.arange(L, device=x_BHLZ.device, dtype=real)
    evens = torch.arange(0, Z, 2, device=x_BHLZ.device, dtype=real)
    angle_LZ = steps_L[:, None] * torch.pow(10000.0, -evens / Z)
    turn_LZ = torch.polar(torch.ones_like(angle_LZ), angle_LZ)
    pairs = torch.view_as_complex(torch.unflatten(x_BHLZ.to(real), -1, (-1, 2)))
    return torch.view_as_real(pairs * turn_LZ).flatten(-2).to(x_BHLZ.dtype)
