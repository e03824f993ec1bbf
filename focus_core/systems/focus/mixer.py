"""The Focus layer: filters from a hypernetwork, then chunked attention and gates (Eq. 9-14).

It is the layer of the paper, made strictly causal: ``model.mode=strict`` with all other options at
their defaults, of any size. Read ``hypernetwork`` (Eq. 1-3), ``recurrence`` (Eq. 5, 6), ``filters``
(Eq. 4-8) and this file. ``choice`` decides when an ablation takes the layer's place.

B batch, L length, D width, N bins, O pooling windows a bin, Z key width, V value width.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.layers import cache
from focus_core.layers.attention import chunked_attention
from focus_core.layers.gate import towards
from focus_core.layers.mixer import Mixer
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.filters import FilterBank
from focus_core.systems.focus.hypernetwork import HyperEmbedding, HyperNetwork


class FocusState(NamedTuple):
    """A decoder's state: of the filter, and the tokens attended to."""

    filter: Any
    kept: cache.Cache


class FocusMixer(Mixer):
    """Chunked attention whose keys, values and gates read the filtered sequence."""

    def __init__(self, model: FocusConfig, max_length: int) -> None:  # noqa: ARG002
        super().__init__()
        D, Z, V = model.width, model.key_width or 0, model.value_width or 0
        self.model = model
        self.norm = nn.LayerNorm(D)
        self.filter: Any = self.new_filter(model)
        self.query = nn.Linear(D, Z)
        self.key = nn.Linear(D, Z)
        self.value = nn.Linear(D, V)
        self.reset_gate = nn.Linear(D, V)  # W_gamma, b_gamma
        self.update_gate = nn.Linear(D, D)  # W_phi, b_phi
        self.candidate = nn.Linear(D, D)  # W_h, b_h
        self.from_attention = nn.Linear(V, D, bias=False)  # U_h
        self.dropout = nn.Dropout(model.dropout)

    @staticmethod
    def read_before(model: FocusConfig, max_length: int) -> nn.Module | None:
        """The part of the hypernetwork that reads the embedded tokens once, for all layers."""
        return HyperEmbedding(model, max_length)  # Eq. 1, 2

    def new_filter(self, model: FocusConfig) -> nn.Module:
        """The filters, with the layer's own part of the hypernetwork."""
        return FilterBank(model, HyperNetwork(model))  # Eq. 3-8

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """The layer's output o, (B, L, D); ``e_BNDO`` is the output of ``read_before``."""
        h_BLD = self.norm(x_BLD)
        xf_BLD = self.filtered(h_BLD, e_BNDO)
        q_BLZ, k_BLZ = self.query(h_BLD), self.key(xf_BLD)
        v_BLV = functional.silu(self.value(xf_BLD))  # Mega's activation
        y_BLV = chunked_attention(q_BLZ, k_BLZ, v_BLV, self.model.chunk_length)  # Eq. 9, 10
        return self.gated(x_BLD, xf_BLD, self.dropout(y_BLV))

    def filtered(self, h_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """x_f of normalised inputs, (B, L, D)."""
        xf_BLD: Tensor = self.filter(h_BLD, e_BNDO)
        return xf_BLD

    def initial_state(self, batch: int) -> Any:
        """The state before the first token."""
        Z, V = self.key.out_features, self.value.out_features
        kept = cache.empty(batch, 1, Z, V, self.candidate.weight)
        return FocusState(self.filter.initial_state(batch), kept)

    def step(self, x_BD: Tensor, e_BNDO: Tensor | None, state: Any) -> tuple[Tensor, Any]:
        """The output for the next token, (B, D), and the new state; a full chunk is dropped."""
        h_BD = self.norm(x_BD)
        xf_BD, filtered = self.filter.step(h_BD, e_BNDO, state.filter)
        v_B1V = functional.silu(self.value(xf_BD))[:, None]
        before = state.kept.last(state.kept.length % self.model.chunk_length)
        kept = before.append(self.key(xf_BD)[:, None], v_B1V)
        y_BV = cache.read(self.query(h_BD)[:, None], kept)[:, 0]
        return self.gated(x_BD, xf_BD, self.dropout(y_BV)), FocusState(filtered, kept)

    def gated(self, x_BLD: Tensor, xf_BLD: Tensor, y_BLV: Tensor) -> Tensor:
        """The gated sum of the input and the attention's output, (B, L, D)."""
        gamma_BLV = functional.silu(self.reset_gate(xf_BLD))  # Eq. 11
        phi_BLD = torch.sigmoid(self.update_gate(xf_BLD))  # Eq. 12
        from_y_BLD = self.from_attention(gamma_BLV * y_BLV)
        z_BLD = functional.silu(self.candidate(xf_BLD) + from_y_BLD)  # Eq. 13
        return towards(x_BLD, z_BLD, phi_BLD)  # Eq. 14: phi z + (1 - phi) x
