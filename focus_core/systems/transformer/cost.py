"""The cost of full attention. L length, H heads, Z width of a head."""

from __future__ import annotations

from focus_core.layers.module_cost import Row, Rows, Work, attention
from focus_core.systems.transformer.mixer import AttentionMixer, GPT2Mixer, TransformerMixer


def _attention(mixer: AttentionMixer, length: int) -> Work:
    Z = mixer.out.in_features // mixer.heads
    return attention(length, length, Z, Z, kept=length, heads=mixer.heads)


ROWS: Rows = dict.fromkeys((AttentionMixer, TransformerMixer, GPT2Mixer), Row(_attention, None))
