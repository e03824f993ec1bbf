"""What it costs: a product with an (L, L) matrix. D width, L length."""

from __future__ import annotations

from focus_core.layers.module_cost import Row, Rows, Work
from tests.toys.decay.mixer import DecayMixer


def _fading(mixer: DecayMixer, length: int) -> Work:
    D = mixer.out.in_features
    return Work(matmul=2 * length * length * D, state=D)


ROWS: Rows = {DecayMixer: Row(_fading, None)}
