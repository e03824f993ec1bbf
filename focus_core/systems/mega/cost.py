"""The cost of Mega. M chunk length, Z key width, V value width."""

from __future__ import annotations

from focus_core.layers.module_cost import Row, Rows, Work, attention, padded
from focus_core.systems.mega.mixer import MegaMixer


def _attention(mixer: MegaMixer, length: int) -> Work:
    M = min(mixer.chunk_length, length)
    Z, V = mixer.gamma_2Z.shape[1], mixer.value.out_features
    bias = Work(shared=2 * M * M * Z)
    return attention(padded(length, M), M, Z, V, kept=M).plus(bias)


ROWS: Rows = {MegaMixer: Row(_attention, None)}
