"""The cost of Transformer-XL. D width, H heads, Z width of a head, M segment length."""

from __future__ import annotations

from focus_core.layers.module_cost import Row, Rows, Work, attention, padded
from focus_core.systems.transformer_xl.mixer import TransformerXLMixer


def _whole(mixer: TransformerXLMixer, length: int) -> Work:
    """Keys and values are computed twice: for a segment, and again as the next segment's memory."""
    D, (H, Z), M = mixer.out.in_features, mixer.biases.content_HZ.shape, mixer.segment_length
    whole = padded(length, M)
    projections = 2 * D * D * (whole + 2 * 2 * whole + length)  # query, key and value, out
    positions = Work(shared=2 * 2 * M * D * D, matmul=2 * whole * 2 * M * H * Z)
    scores = attention(whole, 2 * M, Z, Z, kept=min(length, 2 * M), heads=H)
    return Work(matmul=projections).plus(positions).plus(scores)


ROWS: Rows = {TransformerXLMixer: Row(_whole)}
