"""The cost of each kind of module on a sequence, as one row per kind.

This file has the rows of modules that several systems share. Torch's own FLOP counter sees matrix
products and direct convolutions. FFTs and recurrences are added, and counted separately. Norms,
activations, gates and pooling are a few operations per number, and are left out.

B batch, L length, D width, H heads, M chunk length, Z key width, V value width, S states.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from torch import nn

from focus_core.layers.ema import DampedEMA
from focus_core.layers.embedding import LearnedPositions, RealEncoder, TokenEmbedding
from focus_core.layers.residual import ResidualLinear
from focus_core.layers.short_conv import ShortConv
from focus_core.layers.tables import table_sizes


class Work(NamedTuple):
    """The cost of a part on one sequence.

    Attributes:
        matmul: FLOPs of matrix products and direct convolutions; a multiply-add is 2.
        unseen: FLOPs that torch's counter does not see: of FFTs (5 n log2 n for n complex points,
            half for real ones), of recurrences, and the extra FLOPs of complex products.
        shared: like ``matmul``, but once for a whole batch, for kernels that are computed once.
        state: numbers that a decoder keeps after the sequence.
    """

    matmul: float = 0.0
    unseen: float = 0.0
    shared: float = 0.0
    state: float = 0.0

    def plus(self, other: Work) -> Work:
        """The sum of the two."""
        return Work(*(a + b for a, b in zip(self, other, strict=True)))


class Row(NamedTuple):
    """The cost of a kind of module.

    Attributes:
        own: the module's own work, from the module and the number of tokens.
        parts: names of the submodules whose work is added; None for all of them.
    """

    own: Callable[[Any, int], Work]
    parts: tuple[str, ...] | None = ()


Rows = Mapping[type[nn.Module], Row]


class NoRowError(TypeError):
    """There is no row for a kind of module."""


def work(module: nn.Module, length: int, rows: Rows) -> Work:
    """The work of ``module`` on a sequence of ``length`` tokens.

    Raises:
        NoRowError: a module has parameters of its own, but no row.
    """
    row = rows.get(type(module))
    if row is None:
        if next(module.parameters(recurse=False), None) is not None:
            kind = type(module)
            raise NoRowError(f"{kind.__name__} of {kind.__module__} has no row: add one to cost.py")
        row = Row(nothing, None)
    names = row.parts
    parts = module.children() if names is None else [getattr(module, name) for name in names]
    total = row.own(module, length)
    for part in parts:
        if part is not None:
            total = total.plus(work(part, length, rows))
    return total


def nothing(module: nn.Module, length: int) -> Work:  # noqa: ARG001
    """No work, for a part that is left out."""
    return Work()


def _linear(layer: nn.Linear, length: int) -> Work:
    return Work(matmul=2 * length * layer.in_features * layer.out_features)


def attention(
    length: int, keys: int, key_width: int, value_width: int, *, kept: int, heads: int = 1
) -> Work:
    """Scores and the weighted mean of values; ``keys`` keys per query, masked ones included."""
    return Work(
        matmul=2 * length * keys * heads * (key_width + value_width),
        state=kept * heads * (key_width + value_width),
    )


def padded(length: int, chunk: int) -> int:
    """``length`` rounded up to whole chunks."""
    return math.ceil(length / chunk) * chunk


def fft_convolution(channels: int, length: int) -> float:
    """FLOPs of two real FFTs, a product and an inverse real FFT."""
    n = 1 << (2 * length - 2).bit_length()
    return channels * (3 * 2.5 * n * math.log2(n) + 3 * n)


def ema(average: DampedEMA, length: int) -> Work:
    """The averages are a long convolution, with a kernel that is computed once per batch."""
    D, S = average.delta_DS.shape
    taps = math.prod(table_sizes(length, length))
    return Work(unseen=fft_convolution(D, length), shared=2 * D * S * taps, state=D * S)


def _short_conv(conv: ShortConv, length: int) -> Work:
    D, J = conv.taps_DJ.shape
    return Work(matmul=2 * length * D * J, state=D * (J - 1))


SHARED: Rows = {
    nn.Linear: Row(_linear),
    ResidualLinear: Row(_linear),
    nn.LayerNorm: Row(nothing),
    TokenEmbedding: Row(nothing),
    LearnedPositions: Row(nothing),
    RealEncoder: Row(_linear),
    DampedEMA: Row(ema),
    ShortConv: Row(_short_conv),
}
