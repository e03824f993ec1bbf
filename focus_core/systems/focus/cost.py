"""The cost of a Focus layer: D width, F filters, P order, R bin length, M chunk length."""

from __future__ import annotations

import math

from focus_core.layers.module_cost import (
    Row,
    Rows,
    Work,
    attention,
    ema,
    fft_convolution,
    nothing,
    padded,
)
from focus_core.systems.focus.ablations.embedding import (
    AblatedEmbedding,
    CircularConv,
    GlobalEMA,
    TwoSidedConv,
)
from focus_core.systems.focus.ablations.filters import AblatedBank
from focus_core.systems.focus.ablations.mixer import AblatedMixer
from focus_core.systems.focus.ablations.static_logits import StaticBinLogits, StaticLogits
from focus_core.systems.focus.filters import FilterBank
from focus_core.systems.focus.hypernetwork import GlobalConv, HyperEmbedding
from focus_core.systems.focus.mixer import FocusMixer
from focus_core.systems.focus.token_wise.coupled import CoupledBank, PolesFromInput


def _attention(mixer: FocusMixer, length: int) -> Work:
    if mixer.model.attention == "none":
        return Work()
    M, Z, V = mixer.model.chunk_length, mixer.key.out_features, mixer.value.out_features
    keys = 2 * M if mixer.model.sliding else M
    return attention(padded(length, M), keys, Z, V, kept=min(length, M))


def _global_conv(conv: GlobalConv, length: int) -> Work:
    D = len(conv.kernel)
    return Work(unseen=fft_convolution(D, length), state=D * length)


def _hyper_embedding(embedding: HyperEmbedding, length: int) -> Work:  # noqa: ARG001
    """A decoder keeps the windows of the present bin, and of the bins that are still to be read."""
    D = embedding.width
    return Work(state=D * embedding.windows * (1 + embedding.shift))


def _filter_bank(bank: FilterBank, length: int) -> Work:
    """The hypernetwork runs once per bin and channel; a filter takes 2 P + 2 FLOPs per number."""
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
    return Work(2 * generated * D * layers, unseen, state=D * taps + known)


def _coupled(bank: CoupledBank, length: int) -> Work:
    """FLOPs per step: a multiply-add 2 (8 for complex poles), the gain 1, the mix 2 per part."""
    F, D, parts = bank.mix_FDI.shape
    bins = math.ceil(length / bank.bin_length)
    weights = running = 0
    if isinstance(bank.logits, PolesFromInput):
        weights = sum(weight.numel() for weight in bank.logits.parameters() if weight.dim() > 1)
        running = D if bank.logits.bin_length else 0  # the sum over the present bin
    known = parts * F * D if running else 0  # the bin's own poles
    unseen = (2 * parts**2 + 1 + 2 * parts) * length * F * D
    return Work(2 * bins * weights, unseen, state=parts * F * D + running + known)


ROWS: Rows = {
    FocusMixer: Row(_attention, None),
    AblatedMixer: Row(_attention, None),
    FilterBank: Row(_filter_bank),
    AblatedBank: Row(_filter_bank, ("embedding",)),
    CoupledBank: Row(_coupled),
    StaticLogits: Row(nothing),
    StaticBinLogits: Row(nothing),
    GlobalConv: Row(_global_conv),
    CircularConv: Row(_global_conv),
    TwoSidedConv: Row(_global_conv),
    GlobalEMA: Row(ema),
    HyperEmbedding: Row(_hyper_embedding, None),
    AblatedEmbedding: Row(_hyper_embedding, None),
}
