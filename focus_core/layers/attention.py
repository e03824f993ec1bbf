"""Causal softmax attention with rotary positions: over the whole past, in chunks, or sliding.

B batch, H heads, L length, M chunk length, C chunks, J keys (M or 2 M), Z key width, V value width.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional


def causal_attention(q_BHLZ: Tensor, k_BHLZ: Tensor, v_BHLV: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(Z)) v over the steps up to the query's own; positions are rotary.

    Returns:
        y_BHLV.
    """
    return functional.scaled_dot_product_attention(
        rotate(q_BHLZ), rotate(k_BHLZ), v_BHLV, is_causal=True
    )


def chunked_attention(q_BLZ: Tensor, k_BLZ: Tensor, v_BLV: Tensor, chunk_length: int) -> Tensor:
    """One head, in chunks of ``chunk_length`` tokens that do not see each other (Eq. 9, 10).

    A shorter last chunk is padded at its end, which no token attends to.

    Returns:
        y_BLV.
    """
    chunks = [to_bins(t, chunk_length) for t in (q_BLZ, k_BLZ, v_BLV)]
    y_G1MV = causal_attention(*(t.flatten(0, 1).unsqueeze(1) for t in chunks))
    return from_bins(y_G1MV.reshape(chunks[2].shape), q_BLZ.shape[1])


def sliding_attention(q_BLZ: Tensor, k_BLZ: Tensor, v_BLV: Tensor, window: int) -> Tensor:
    """One head; every token attends to the last ``window`` tokens, itself included.

    The queries of a chunk meet the keys of that chunk and of the chunk before, so the cost is
    linear in L.

    Returns:
        y_BLV.
    """
    q_BCMZ = rotate(to_bins(q_BLZ, window), start=window)
    k_BCJZ = rotate(with_previous(to_bins(k_BLZ, window)))
    v_BCJV = with_previous(to_bins(v_BLV, window))
    steps_M = torch.arange(window, device=q_BLZ.device)
    keys_J = torch.arange(2 * window, device=q_BLZ.device)
    # key positions count from the start of the chunk before
    near_MJ = keys_J > steps_M[:, None]
    seen_CMJ = near_MJ & sees_previous(q_BCMZ.shape[1], window, q_BLZ.device)
    y_BCMV = functional.scaled_dot_product_attention(q_BCMZ, k_BCJZ, v_BCJV, seen_CMJ)
    return from_bins(y_BCMV, q_BLZ.shape[1])


def with_previous(x_BCMD: Tensor) -> Tensor:
    """Every chunk, preceded by the chunk before it (zeros for the first), (B, C, 2 M, D)."""
    previous_BCMD = functional.pad(x_BCMD, (0, 0, 0, 0, 1, 0))[:, :-1]
    return torch.cat((previous_BCMD, x_BCMD), dim=2)


def sees_previous(chunks: int, length: int, device: torch.device) -> Tensor:
    """Whether step m of chunk c sees key j of ``with_previous``, (C, M, 2 M) bool.

    A step sees all of the chunk before, if there is one, and its own chunk up to itself.
    """
    steps_M = torch.arange(length, device=device)
    keys_J = torch.arange(2 * length, device=device)
    there_C1J = (torch.arange(chunks, device=device)[:, None, None] > 0) | (keys_J >= length)
    return there_C1J & (keys_J <= steps_M[:, None] + length)


def written_out_attention(
    q_BHLZ: Tensor, k_BHJZ: Tensor, v_BHJV: Tensor, bias_LJ: Tensor
) -> Tensor:
    """softmax(q k^T / sqrt(Z) + bias) v, with all scores in memory; a bias of -inf hides a key.

    Returns:
        y_BHLV.
    """
    score_BHLJ = q_BHLZ @ k_BHJZ.mT / math.sqrt(q_BHLZ.shape[-1]) + bias_LJ
    return torch.softmax(score_BHLJ, dim=-1) @ v_BHJV


def causal_bias(length: int, like: Tensor) -> Tensor:
    """0 up to a query's own step and -inf after it, (L, L), in the type and device of ``like``."""
    return torch.full((length, length), -math.inf, device=like.device, dtype=like.dtype).triu(1)


def to_bins(x_BLD: Tensor, length: int) -> Tensor:
    """Cut a sequence into bins of ``length`` steps, (B, N, R, D); the last is padded with 0."""
    bins = -(-x_BLD.shape[1] // length)
    missing = bins * length - x_BLD.shape[1]
    if torch.compiler.is_compiling() or missing:  # a compiled graph serves every length
        x_BLD = functional.pad(x_BLD, (0, 0, 0, missing))
    return torch.unflatten(x_BLD, 1, (bins, length))


def from_bins(y_BNRD: Tensor, length: int) -> Tensor:
    """The first ``length`` steps of a sequence in bins, (B, L, D)."""
    y_BLD = y_BNRD.flatten(1, 2)
    # A slice would leave a compiler in doubt about how many steps remain.
    first_BLD, _ = torch.split(y_BLD, [length, y_BLD.shape[1] - length], dim=1)
    return first_BLD


def rotate(x_BHLZ: Tensor, start: int = 0) -> Tensor:
    """Rotary positions (Su et al. 2021): step t turns pair i by t / 10000^(2 i / Z) radians.

    A pair is two neighbouring entries, read as a complex number; there may be any leading axes.
    The first step is ``start``.
    """
    L, Z = x_BHLZ.shape[-2:]
    real = torch.promote_types(x_BHLZ.dtype, torch.float32)  # half types have no complex form
    steps_L = torch.arange(start, start + L, device=x_BHLZ.device, dtype=real)
    evens = torch.arange(0, Z, 2, device=x_BHLZ.device, dtype=real)
    angle_LZ = steps_L[:, None] * torch.pow(10000.0, -evens / Z)
    turn_LZ = torch.polar(torch.ones_like(angle_LZ), angle_LZ)
    pairs = torch.view_as_complex(torch.unflatten(x_BHLZ.to(real), -1, (-1, 2)))
    return torch.view_as_real(pairs * turn_LZ).flatten(-2).to(x_BHLZ.dtype)
