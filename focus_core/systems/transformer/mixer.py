"""Causal attention over the whole sequence: the Transformer in three ways.

B batch, L length, D width, H heads, Z key width of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.layers import cache
from focus_core.layers.attention import causal_attention, causal_bias, rotate, written_out_attention
from focus_core.layers.mixer import Mixer
from focus_core.layers.residual import ResidualLinear
from focus_core.systems.transformer import AttentionConfig


class AttentionMixer(Mixer):
    """FlashTransformer: pre-norm attention by torch's fused kernel, with rotary positions."""

    rotary = True

    def __init__(self, model: AttentionConfig, max_length: int) -> None:  # noqa: ARG002
        super().__init__()
        self.heads = model.heads
        self.norm = nn.LayerNorm(model.width)
        self.query_key_value = nn.Linear(model.width, 3 * model.width)
        self.out: nn.Linear = nn.Linear(model.width, model.width)
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """The residual stream plus attention(norm(x)), (B, L, D)."""
        qkv_BLD = self.query_key_value(self.norm(x_BLD))
        q_BHLZ, k_BHLZ, v_BHLZ = (
            torch.unflatten(qkv_BLD, -1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        )
        y_BHLZ = self.attend(q_BHLZ, k_BHLZ, v_BHLZ)
        y_BLD = y_BHLZ.transpose(1, 2).flatten(2)
        out_BLD: Tensor = x_BLD + self.dropout(self.out(y_BLD))
        return out_BLD

    def attend(self, q_BHLZ: Tensor, k_BHLZ: Tensor, v_BHLZ: Tensor) -> Tensor:
        """Causal attention of every head, (B, H, L, Z)."""
        return causal_attention(q_BHLZ, k_BHLZ, v_BHLZ)

    def initial_state(self, batch: int) -> cache.Cache:
        """The state before the first token."""
        D, H = self.out.in_features, self.heads
        return cache.empty(batch, H, D // H, D // H, self.out.weight)

    def step(
        self,
        x_BD: Tensor,
        e_BNDO: Tensor | None,  # noqa: ARG002
        state: cache.Cache,
    ) -> tuple[Tensor, cache.Cache]:
        """The next token's output (B, D), and the new state."""
        qkv_BD = self.query_key_value(self.norm(x_BD))
        q_BHZ, k_BHZ, v_BHZ = torch.unflatten(qkv_BD, -1, (3, self.heads, -1)).unbind(1)
        state = state.append(k_BHZ, v_BHZ)
        y_BHZ = cache.read(q_BHZ, state, rotary=self.rotary)
        return x_BD + self.out(y_BHZ.flatten(1)), state


class TransformerMixer(AttentionMixer):
    """Transformer: the same function with the same parameters, with every score written out."""

    def attend(self, q_BHLZ: Tensor, k_BHLZ: Tensor, v_BHLZ: Tensor) -> Tensor:
        bias_LL = causal_bias(q_BHLZ.shape[2], q_BHLZ)
        return written_out_attention(rotate(q_BHLZ), rotate(k_BHLZ), v_BHLZ, bias_LL)


class GPT2Mixer(AttentionMixer):
    """GPT-2 (Radford et al. 2019): no rotation, since positions are learned and added."""

    rotary = False

    def __init__(self, model: AttentionConfig, max_length: int) -> None:
        super().__init__(model, max_length)
        self.out = ResidualLinear(model.width, model.width, model.layers)

    def attend(self, q_BHLZ: Tensor, k_BHLZ: Tensor, v_BHLZ: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(q_BHLZ, k_BHLZ, v_BHLZ, is_causal=True)
