"""What each kind of module does on a sequence, for ``focus_core.cost``: a row each in ``ROWS``.

Matrix products and direct convolutions are what torch's own FLOP counter sees; FFTs and
recurrences come on top, and are told apart. Norms, activations, gates and pooling are a few
operations a number, and left out.

B batch, L length, D width, H heads, M chunk length, Z key width, V value width, S states.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from focus_core.coupled import CoupledBank, PolesFromInput
from focus_core.ema import DampedEMA
from focus_core.embedding import LearnedPositions, RealEncoder, TokenEmbedding
from focus_core.filter_bank import FilterBank
from focus_core.hypernetwork import (
    GlobalConv,
    GlobalEMA,
    HyperEmbedding,
    StaticBinLogits,
    StaticLogits,
)
from focus_core.mixers.attention import AttentionMixer, GPT2Mixer, TransformerMixer
from focus_core.mixers.focus import FocusMixer
from focus_core.mixers.hyena import HyenaMixer, ImplicitFilter
from focus_core.mixers.mega import MegaMixer
from focus_core.mixers.state_space import S4DMixer, S4Mixer
from focus_core.mixers.transformer_xl import TransformerXLMixer
from focus_core.residual import ResidualLinear
from focus_core.short_conv import ShortConv
from focus_core.state_space import PADDING, DiagonalKernel, LowRankKernel


class Work(NamedTuple):
    """What a part does on one sequence.

    Attributes:
        matmul: FLOPs of matrix products and direct convolutions; a multiply-add is 2.
        unseen: FLOPs of FFTs (5 n log2 n for n complex points, half for real ones), recurrences
            and what is more in complex products: torch's counter does not see them.
        shared: like ``matmul``, but once for a whole batch: kernels are written once.
        state: numbers that a decoder keeps after the sequence.
    """

    matmul: float = 0.0
    unseen: float = 0.0
    shared: float = 0.0
    state: float = 0.0

    def plus(self, other: Work) -> Work:
        """The two together."""
        return Work(*(a + b for a, b in zip(self, other, strict=True)))


def work(module: nn.Module, length: int) -> Work:
    """What ``module`` does on a sequence of ``length`` tokens.

    Raises:
        TypeError: a module with parameters of its own and without a row here.
    """
    row = ROWS.get(type(module))
    if row is not None:
        return row(module, length)
    if next(module.parameters(recurse=False), None) is not None:
        raise TypeError(f"{type(module).__name__} has no row in focus_core/work.py: add one")
    return _children(module, length)


def _children(module: nn.Module, length: int) -> Work:
    total = Work()
    for child in module.children():
        total = total.plus(work(child, length))
    return total


def _free(module: nn.Module, length: int) -> Work:  # noqa: ARG001
    return Work()


def _linear(layer: nn.Linear, length: int) -> Work:
    return Work(matmul=2 * length * layer.in_features * layer.out_features)


def _attention(
    length: int, keys: int, key_width: int, value_width: int, *, kept: int, heads: int = 1
) -> Work:
    """Scores and their average of values; every query meets ``keys`` keys, hidden ones too."""
    return Work(
        matmul=2 * length * keys * heads * (key_width + value_width),
        state=kept * heads * (key_width + value_width),
    )


def _padded(length: int, chunk: int) -> int:
    return math.ceil(length / chunk) * chunk


def _full_attention(mixer: AttentionMixer, length: int) -> Work:
    Z = mixer.out.in_features // mixer.heads
    attention = _attention(length, length, Z, Z, kept=length, heads=mixer.heads)
    return _children(mixer, length).plus(attention)


def _focus(mixer: FocusMixer, length: int) -> Work:
    if mixer.from_attention is None:
        return _children(mixer, length)
    M, Z, V = mixer.chunk_length, mixer.key.out_features, mixer.value.out_features
    keys = 2 * M if mixer.sliding else M
    attention = _attention(_padded(length, M), keys, Z, V, kept=min(length, M))
    return _children(mixer, length).plus(attention)


def _mega(mixer: MegaMixer, length: int) -> Work:
    M = min(mixer.chunk_length, length)
    Z, V = mixer.gamma_2Z.shape[1], mixer.value.out_features
    bias = Work(shared=2 * M * M * Z)
    attention = _attention(_padded(length, M), M, Z, V, kept=M)
    return _children(mixer, length).plus(attention).plus(bias)


def _transformer_xl(mixer: TransformerXLMixer, length: int) -> Work:
    """Keys and values are made twice: for the segment, and again for the next one's memory."""
    D, (H, Z), M = mixer.out.in_features, mixer.biases.content_HZ.shape, mixer.segment_length
    padded = _padded(length, M)
    projections = 2 * D * D * (padded + 2 * 2 * padded + length)  # query, key and value, out
    positions = Work(shared=2 * 2 * M * D * D, matmul=2 * padded * 2 * M * H * Z)
    attention = _attention(padded, 2 * M, Z, Z, kept=min(length, 2 * M), heads=H)
    return Work(matmul=projections).plus(positions).plus(attention)


def _fft_convolution(channels: int, length: int) -> float:
    """FLOPs of two real transforms, a product and the way back."""
    n = 1 << (2 * length - 2).bit_length()
    return channels * (3 * 2.5 * n * math.log2(n) + 3 * n)


def _ema(ema: DampedEMA, length: int) -> Work:
    D, S = ema.delta_DS.shape
    return Work(unseen=_fft_convolution(D, length), shared=2 * D * S * length, state=D * S)


def _short_conv(conv: ShortConv, length: int) -> Work:
    D, J = conv.taps_DJ.shape
    return Work(matmul=2 * length * D * J, state=D * (J - 1))


def _diagonal_kernel(kernel: DiagonalKernel, length: int) -> Work:
    """Torch counts a complex multiply-add as 2 FLOPs; it is 8."""
    D, S, _ = kernel.C_DS2.shape
    return Work(shared=2 * D * S * length, unseen=_fft_convolution(D, length), state=2 * D * S)


def _low_rank_kernel(kernel: LowRankKernel, length: int) -> Work:
    """Four Cauchy sums over both halves of the pairs, at half the transform's points."""
    D, S, _ = kernel.C_DS2.shape
    points = PADDING * length // 2 + 1
    return Work(shared=2 * 8 * D * S * points, unseen=_fft_convolution(D, length), state=2 * D * S)


def _hyena(mixer: HyenaMixer, length: int) -> Work:
    """Its convolution has no state of a fixed size: a decoder keeps all that went in."""
    D = mixer.out.in_features
    convolution = Work(unseen=_fft_convolution(D, length), state=D * length)
    return _children(mixer, length).plus(convolution)


def _implicit_filter(implicit: ImplicitFilter, length: int) -> Work:
    layers = (*implicit.layers, implicit.out)
    return Work(shared=sum(2 * length * layer.weight.numel() for layer in layers))


def _global_conv(conv: GlobalConv, length: int) -> Work:
    D = len(conv.kernel)
    return Work(unseen=_fft_convolution(D, length), state=D * length)


def _hyper_embedding(embedding: HyperEmbedding, length: int) -> Work:
    """A decoder keeps the windows of the bin so far, and those of the bins still to be read."""
    D = embedding.width
    windows = Work(state=D * embedding.windows * (1 + embedding.shift))
    return _children(embedding, length).plus(windows)


def _filter_bank(bank: FilterBank, length: int) -> Work:
    """The hypernetwork runs once a bin and channel; the filter 2 P + 2 FLOPs a number."""
    model = bank.model
    D, R, taps = model.width, model.bin_length, model.filters * model.order
    bins = math.ceil(length / R)
    first = 0 if model.first_bin == "roll" else model.theta_shift
    generated = max(0, bins - first) if model.filter == "adaptive" else 0
    layers = model.hyper_width * (model.oversampling + taps)
    unseen: float = length * D * 2 * (taps + model.filters)
    if model.realisation != "recurrence":
        by_bin = generated or model.static_per == "bin"
        responses, n = bins if by_bin else 1, model.nfft or 0
        transforms = responses * (model.filters + 1) + 2 * bins
        unseen = D * transforms * 2.5 * n * math.log2(max(2, n))
    known = D * taps if generated else 0  # the bin's own coefficients
    own = Work() if bank.embedding is None else work(bank.embedding, length)
    return own.plus(Work(2 * generated * D * layers, unseen, state=D * taps + known))


def _coupled(bank: CoupledBank, length: int) -> Work:
    """A multiply-add is 2 FLOPs, 8 for complex poles; the gain 1 and the mix 2 for each part."""
    F, D, parts = bank.mix_FDI.shape
    bins = math.ceil(length / bank.bin_length)
    weights = running = 0
    if isinstance(bank.logits, PolesFromInput):
        weights = sum(weight.numel() for weight in bank.logits.parameters() if weight.dim() > 1)
        running = D if bank.logits.bin_length else 0  # the mean of the bin so far
    known = parts * F * D if running else 0  # the bin's own poles
    unseen = (2 * parts**2 + 1 + 2 * parts) * length * F * D
    return Work(2 * bins * weights, unseen, state=parts * F * D + running + known)


ROWS: dict[type[nn.Module], Callable[[Any, int], Work]] = {
    nn.Linear: _linear,
    ResidualLinear: _linear,
    nn.LayerNorm: _free,
    TokenEmbedding: _free,
    LearnedPositions: _free,
    RealEncoder: _linear,
    StaticLogits: _free,
    StaticBinLogits: _free,
    AttentionMixer: _full_attention,
    TransformerMixer: _full_attention,
    GPT2Mixer: _full_attention,
    TransformerXLMixer: _transformer_xl,
    FocusMixer: _focus,
    FilterBank: _filter_bank,
    GlobalConv: _global_conv,
    HyperEmbedding: _hyper_embedding,
    CoupledBank: _coupled,
    DampedEMA: _ema,
    GlobalEMA: _ema,
    ShortConv: _short_conv,
    MegaMixer: _mega,
    S4Mixer: _children,  # its own parameter is a skip
    S4DMixer: _children,
    DiagonalKernel: _diagonal_kernel,
    LowRankKernel: _low_rank_kernel,
    HyenaMixer: _hyena,
    ImplicitFilter: _implicit_filter,
}
