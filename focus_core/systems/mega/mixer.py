"""Mega: a moving average, then gated attention of one head, in chunks (Ma et al. 2023).

B batch, L length, D width, C chunks, M chunk length, Z key width, V value width.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.layers import cache
from focus_core.layers.attention import causal_bias, rotate, to_bins
from focus_core.layers.ema import DampedEMA
from focus_core.layers.gate import towards
from focus_core.layers.mixer import Mixer
from focus_core.systems.mega import MegaConfig


class MegaState(NamedTuple):
    """The state of a decoder: the averages, and the keys and values of the chunk so far."""

    averages_BDS: Tensor  # noqa: N815
    chunk: cache.Cache


class MegaMixer(Mixer):
    """Queries, keys and gates see the averaged sequence; values see the sequence itself.

    The published relative bias of a chunk is two learned vectors, turned by rotary positions:
    bias[i, j] = (turn^i a) . (turn^j b).
    """

    def __init__(self, model: MegaConfig, max_length: int) -> None:  # noqa: ARG002
        super().__init__()
        D, Z, V = model.width, model.key_width or 0, model.value_width or 0
        self.chunk_length = model.chunk_length
        self.sizes = (D, Z, V, D)
        self.norm = nn.LayerNorm(D)
        self.average = DampedEMA(model.width, model.ema_size)
        self.value = nn.Linear(D, V)
        self.gates = nn.Linear(D, sum(self.sizes))
        self.gamma_2Z = nn.Parameter(torch.empty(2, Z))
        self.beta_2Z = nn.Parameter(torch.empty(2, Z))
        self.bias_2Z = nn.Parameter(torch.empty(2, Z))
        self.from_attention = nn.Linear(V, D)  # U_h
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """(B, L, D) to (B, L, D); the update gate is the residual connection."""
        h_BLD = self.norm(x_BLD)
        v_BLV = functional.silu(self.value(h_BLD))
        u_BLD, q_BLZ, k_BLZ, r_BLV, candidate_BLD = self._read(self.average(h_BLD, None))
        y_BLV = self._attend(q_BLZ, k_BLZ, v_BLV)
        return self._blend(x_BLD, y_BLV, u_BLD, r_BLV, candidate_BLD)

    def _read(self, averaged_BLD: Tensor) -> tuple[Tensor, ...]:
        """Update gate, query, key, reset gate and candidate, before attention."""
        u, z, r, candidate = self.gates(self.dropout(averaged_BLD)).split(self.sizes, dim=-1)
        q, k = (functional.silu(z)[..., None, :] * self.gamma_2Z + self.beta_2Z).unbind(-2)
        return u, q, k, functional.silu(r), candidate

    def _blend(
        self, x_BLD: Tensor, y_BLV: Tensor, u_BLD: Tensor, r_BLV: Tensor, candidate_BLD: Tensor
    ) -> Tensor:
        """Move x towards the output of attention, by the update gate."""
        from_y_BLD = self.from_attention(r_BLV * self.dropout(y_BLV))
        h_BLD = self.dropout(functional.silu(candidate_BLD + from_y_BLD))
        return towards(x_BLD, h_BLD, torch.sigmoid(u_BLD))

    def _attend(self, q_BLZ: Tensor, k_BLZ: Tensor, v_BLV: Tensor) -> Tensor:
        """Attention within chunks, y_BLV."""
        L, M = q_BLZ.shape[1], min(self.chunk_length, q_BLZ.shape[1])
        q_BCMZ, k_BCMZ, v_BCMV = (to_bins(t, M) for t in (q_BLZ, k_BLZ, v_BLV))
        from_MZ, to_MZ = rotate(self.bias_2Z[:, None].expand(-1, M, -1))
        bias_MM = from_MZ @ to_MZ.mT + causal_bias(M, q_BLZ)
        y_BCMV = functional.scaled_dot_product_attention(q_BCMZ, k_BCMZ, v_BCMV, bias_MM)
        return y_BCMV.flatten(1, 2)[:, :L]

    def initial_state(self, batch: int) -> MegaState:
        """The state before the first token."""
        _, Z, V, _ = self.sizes
        kept = cache.empty(batch, 1, Z, V, self.beta_2Z)
        return MegaState(self.average.initial_state(batch), kept)

    def step(
        self,
        x_BD: Tensor,
        e_BNDO: Tensor | None,  # noqa: ARG002
        state: MegaState,
    ) -> tuple[Tensor, MegaState]:
        """The next token's output (B, D), and the new state; a full chunk is dropped."""
        h_BD = self.norm(x_BD)
        averaged_BD, averages_BDS = self.average.step(h_BD, None, state.averages_BDS)
        u_BD, q_BZ, k_BZ, r_BV, candidate_BD = self._read(averaged_BD)
        kept = state.chunk if state.chunk.length < self.chunk_length else state.chunk.last(0)
        kept = kept.append(k_BZ[:, None], functional.silu(self.value(h_BD))[:, None])
        J = kept.length
        from_1Z = rotate(self.bias_2Z[:1], start=J - 1)
        bias_1J = from_1Z @ rotate(self.bias_2Z[1:].expand(J, -1)).mT
        y_BV = cache.read(q_BZ[:, None], kept, rotary=False, bias_BH1J=bias_1J)[:, 0]
        y_BD = self._blend(x_BD, y_BV, u_BD, r_BV, candidate_BD)
        return y_BD, MegaState(averages_BDS, kept)

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Gamma and the bias are N(0, 0.02^2), beta is 0, as published."""
        value = torch.randn(getattr(self, name).shape, generator=generator)
        return torch.zeros_like(value) if name == "beta_2Z" else 0.02 * value
