"""The Focus layer with an ablation's parts, and token by token.

B batch, L length, D width, Z key width, V value width.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.layers import cache
from focus_core.layers.attention import chunked_attention, sliding_attention
from focus_core.layers.gate import towards
from focus_core.layers.mixer import Mixer
from focus_core.layers.short_conv import ShortConv
from focus_core.systems.focus.ablations.embedding import AblatedEmbedding
from focus_core.systems.focus.ablations.filters import FILTERS, AblatedBank
from focus_core.systems.focus.ablations.static_logits import StaticBinLogits
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.hypernetwork import HyperNetwork
from focus_core.systems.focus.mixer import FocusMixer
from focus_core.systems.focus.token_wise.coupled import PolesFromInput

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Maps queries, keys and values to the output of attention."""


class AblatedState(NamedTuple):
    """A decoder's state: of the short convolution, of the filter, and the tokens attended to."""

    taps: Tensor | None
    filter: Any
    kept: cache.Cache | None


class AblatedMixer(FocusMixer):
    """The layer with another filter, other inputs of keys, values and gates, other attention."""

    def __init__(self, model: FocusConfig, max_length: int) -> None:
        super().__init__(model, max_length)
        skips = model.filter_skip and model.filter in ("adaptive", "static", "coupled")
        self.skip_D = nn.Parameter(torch.empty(model.width)) if skips else None
        if model.attention == "none":
            del self.query, self.key, self.value, self.reset_gate, self.from_attention

    def new_filter(self, model: FocusConfig) -> nn.Module:
        """The filter, after it has put the short convolution in front of it."""
        convolves = model.filter != "none" and model.short_conv
        self.taps = ShortConv(model.width, model.short_conv) if convolves else None
        return FILTERS[model.filter](model)

    @staticmethod
    def read_before(model: FocusConfig, max_length: int) -> nn.Module | None:
        """The module whose output all hypernetworks read; None if they share none."""
        once = model.filter == "adaptive" and model.global_conv != "layer"
        return AblatedEmbedding(model, max_length) if once else None

    @staticmethod
    def join(mixers: Sequence[Mixer], model: FocusConfig, max_length: int) -> None:
        """Set the parts of the filters that layers share, or whose size the length decides.

        These parts are the global convolution, the hypernetwork and the static filters per bin.

        Args:
            mixers: the mixers of all layers.
            model: the resolved config.
            max_length: number of taps of a global convolution; static filters per bin cover as
                many tokens.
        """
        banks = [mixer.filter for mixer in mixers if isinstance(mixer, FocusMixer)]
        adaptive = [
            bank
            for bank in banks
            if isinstance(getattr(bank, "logits", None), (HyperNetwork, PolesFromInput))
        ]
        for bank in banks:
            if model.filter == "static" and model.static_per == "bin":
                bank.logits = StaticBinLogits(model, math.ceil(max_length / model.bin_length))
        for bank in adaptive:
            if isinstance(bank, AblatedBank) and model.global_conv == "layer":
                bank.embedding = AblatedEmbedding(model, max_length)
            if model.hyper_scope == "shared":
                bank.logits = adaptive[0].logits

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """The layer's output o, (B, L, D)."""
        h_BLD = self.norm(x_BLD)
        read = sliding_attention if self.model.sliding else chunked_attention

        def attend(q_BLZ: Tensor, k_BLZ: Tensor, v_BLV: Tensor) -> Tensor:
            return read(q_BLZ, k_BLZ, v_BLV, self.model.chunk_length)

        return self._mix(x_BLD, h_BLD, self.filtered(h_BLD, e_BNDO), attend)

    def filtered(self, h_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """x_f of normalised inputs, (B, L, D), with the short convolution and the skip."""
        if self.taps is not None:
            h_BLD = self.taps(h_BLD)
        xf_BLD = super().filtered(h_BLD, e_BNDO)
        return xf_BLD if self.skip_D is None else torch.addcmul(xf_BLD, h_BLD, self.skip_D)

    def _mix(self, x_BLD: Tensor, h_BLD: Tensor, xf_BLD: Tensor, attend: Attend) -> Tensor:
        """Eq. 10-14, for a sequence or for one token."""
        read_BLD = {"input": h_BLD, "filtered": xf_BLD}
        gates_BLD = read_BLD[self.model.gates_from]
        if self.model.attention == "none":  # Eq. 10 with y = 0
            phi_BLD = torch.sigmoid(self.update_gate(gates_BLD))
            return towards(x_BLD, functional.silu(self.candidate(gates_BLD)), phi_BLD)
        q_BLZ, k_BLZ = self.query(h_BLD), self.key(read_BLD[self.model.key_from])
        v_BLV = functional.silu(self.value(read_BLD[self.model.value_from]))
        return self.gated(x_BLD, gates_BLD, self.dropout(attend(q_BLZ, k_BLZ, v_BLV)))

    def initial_state(self, batch: int) -> AblatedState:
        """The state before the first token."""
        taps = None if self.taps is None else self.taps.initial_state(batch)
        kept = None
        if self.model.attention != "none":
            Z, V = self.key.out_features, self.value.out_features
            kept = cache.empty(batch, 1, Z, V, self.candidate.weight)
        return AblatedState(taps, self.filter.initial_state(batch), kept)

    def step(
        self, x_BD: Tensor, e_BNDO: Tensor | None, state: AblatedState
    ) -> tuple[Tensor, AblatedState]:
        """The output for the next token, (B, D), and the new state.

        Attention drops a full chunk, or, if sliding, the tokens that leave its window.
        """
        h_BD = in_BD = self.norm(x_BD)
        taps, kept = state.taps, state.kept
        if self.taps is not None and taps is not None:
            in_BD, taps = self.taps.step(h_BD, taps)
        xf_BD, filtered = self.filter.step(in_BD, e_BNDO, state.filter)
        if self.skip_D is not None:
            xf_BD = torch.addcmul(xf_BD, in_BD, self.skip_D)

        def attend(q_BZ: Tensor, k_BZ: Tensor, v_BV: Tensor) -> Tensor:
            nonlocal kept
            assert kept is not None  # a model without attention does not call this
            M = self.model.chunk_length
            before = kept.last(M - 1) if self.model.sliding else kept.last(kept.length % M)
            kept = before.append(k_BZ[:, None], v_BV[:, None])
            return cache.read(q_BZ[:, None], kept)[:, 0]

        y_BD = self._mix(x_BD, h_BD, xf_BD, attend)
        return y_BD, AblatedState(taps, filtered, kept)

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """The skip's weights: N(0, 1), like Mega's omega."""
        return torch.randn(self.model.width, generator=generator)
