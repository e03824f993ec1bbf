"""The cost of Hyena. D width."""

from __future__ import annotations

from focus_core.layers.module_cost import Row, Rows, Work, fft_convolution
from focus_core.systems.hyena.mixer import HyenaMixer, ImplicitFilter


def _convolution(mixer: HyenaMixer, length: int) -> Work:
    """Hyena has no state of a fixed size: a decoder keeps all inputs of the convolution."""
    D = mixer.out.in_features
    return Work(unseen=fft_convolution(D, length), state=D * length)


def _implicit_filter(implicit: ImplicitFilter, length: int) -> Work:
    layers = (*implicit.layers, implicit.out)
    return Work(shared=sum(2 * length * layer.weight.numel() for layer in layers))


ROWS: Rows = {HyenaMixer: Row(_convolution, None), ImplicitFilter: Row(_implicit_filter)}
