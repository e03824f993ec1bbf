"""The rival: causal attention over the whole sequence.

B batch, L length, D width, H heads, Z key width of a head.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from focus_core.attention import causal_attention
from focus_core.config import ModelConfig


class AttentionMixer(nn.Module):
    """The rival: causal attention over the whole sequence, as in a pre-norm Transformer."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.heads = model.heads
        self.norm = nn.LayerNorm(model.width)
        self.query_key_value = nn.Linear(model.width, 3 * model.width)
        self.out = nn.Linear(model.width, model.width)
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """The stream plus attention(norm(x)), (B, L, D)."""
        qkv_BLD = self.query_key_value(self.norm(x_BLD))
        q_BHLZ, k_BHLZ, v_BHLZ = (
            torch.unflatten(qkv_BLD, -1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)
        )
        y_BHLZ = causal_attention(q_BHLZ, k_BHLZ, v_BHLZ)
        y_BLD = y_BHLZ.transpose(1, 2).flatten(2)
        out_BLD: Tensor = x_BLD + self.dropout(self.out(y_BLD))
        return out_BLD
