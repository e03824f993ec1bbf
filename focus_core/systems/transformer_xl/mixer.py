"""Transformer-XL: each segment reads the segment before it (Dai et al. 2019).

B batch, L length, D width, H heads, Z key width of a head, C segments, M segment length, J keys
of a segment and its memory (2 M).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from focus_core.layers import cache
from focus_core.layers.attention import sees_previous, to_bins, with_previous
from focus_core.layers.mixer import Mixer
from focus_core.systems.transformer_xl import TransformerXLConfig


class TransformerXLMixer(Mixer):
    """Attention over a segment and the hidden states of the segment before it; post-norm.

    The memory of a layer is the layer's input in the segment before. Therefore all segments of a
    sequence are computed in parallel. In training no gradient flows into the memory.
    """

    def __init__(self, model: TransformerXLConfig, max_length: int) -> None:  # noqa: ARG002
        super().__init__()
        D, self.heads = model.width, model.heads
        self.segment_length = model.chunk_length
        self.query = nn.Linear(D, D, bias=False)
        self.key_value = nn.Linear(D, 2 * D, bias=False)
        self.relative = nn.Linear(D, D, bias=False)  # W_k,R
        self.biases = RelativeBiases(model.heads, D // model.heads)
        self.out = nn.Linear(D, D, bias=False)
        self.norm = nn.LayerNorm(D)
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """norm(x + attention(x, memory)), (B, L, D)."""
        x_BCMD = to_bins(x_BLD, self.segment_length)
        past_BCMD = x_BCMD.detach() if self.training else x_BCMD
        M = self.segment_length
        memory_BCMD = with_previous(past_BCMD)[:, :, :M]
        kv_BCJD = self.key_value(torch.cat((memory_BCMD, x_BCMD), dim=2))
        k_BCHJZ, v_BCHJZ = (self._split(t) for t in kv_BCJD.chunk(2, dim=-1))
        score_BCHMJ = self._scores(self._split(self.query(x_BCMD)), k_BCHJZ)
        seen_CMJ = sees_previous(x_BCMD.shape[1], M, x_BLD.device)
        score_BCHMJ = score_BCHMJ.masked_fill(~seen_CMJ[:, None], -math.inf)
        y_BCHMZ = torch.softmax(score_BCHMJ, dim=-1) @ v_BCHJZ
        y_BLD = y_BCHMZ.transpose(2, 3).flatten(3).flatten(1, 2)[:, : x_BLD.shape[1]]
        out_BLD: Tensor = self.norm(x_BLD + self.dropout(self.out(y_BLD)))
        return out_BLD

    @staticmethod
    def join(mixers: Sequence[Mixer], model: TransformerXLConfig, max_length: int) -> None:  # noqa: ARG004
        """One pair u, v for all layers, as published (``untie_r`` is off there by default)."""
        if model.position_bias == "shared":
            for mixer in mixers[1:]:
                mixer.biases = mixers[0].biases

    def _split(self, x_BCMD: Tensor) -> Tensor:
        """Into heads, (B, C, H, M, Z)."""
        return torch.unflatten(x_BCMD, -1, (self.heads, -1)).transpose(2, 3)

    def _scores(self, q_BCHMZ: Tensor, k_BCHJZ: Tensor) -> Tensor:
        """((q + u) k^T + (q + v) r^T) / sqrt(Z), (B, C, H, M, J)."""
        M, J, Z = q_BCHMZ.shape[3], k_BCHJZ.shape[3], q_BCHMZ.shape[4]
        content_BCHMJ = (q_BCHMZ + self.biases.content_HZ[:, None]) @ k_BCHJZ.mT
        waves_JD = sinusoids(J, self.relative.in_features, k_BCHJZ)
        r_HJZ = torch.unflatten(self.relative(waves_JD), -1, (self.heads, -1)).transpose(0, 1)
        by_distance_BCHMJ = (q_BCHMZ + self.biases.position_HZ[:, None]) @ r_HJZ.mT
        steps = torch.arange(J, device=k_BCHJZ.device)
        # step m of the segment has the place M + m, counted from the start of the memory
        distance_MJ = (M + steps[:M, None] - steps).clamp(min=0)
        position_BCHMJ = by_distance_BCHMJ.gather(-1, distance_MJ.expand_as(content_BCHMJ))
        return (content_BCHMJ + position_BCHMJ) / math.sqrt(Z)

    def initial_state(self, batch: int) -> cache.Cache:
        """The state before the first token."""
        H, Z = self.biases.content_HZ.shape
        return cache.empty(batch, H, Z, Z, self.out.weight)

    def step(
        self,
        x_BD: Tensor,
        e_BNDO: Tensor | None,  # noqa: ARG002
        state: cache.Cache,
    ) -> tuple[Tensor, cache.Cache]:
        """The next token's output (B, D), and the new state; a full segment becomes the memory."""
        M = self.segment_length
        if state.length == 2 * M:
            state = state.last(M)
        q_BHZ, k_BHZ, v_BHZ = (
            torch.unflatten(t, -1, (self.heads, -1))
            for t in (self.query(x_BD), *self.key_value(x_BD).chunk(2, dim=-1))
        )
        state = state.append(k_BHZ, v_BHZ)
        waves_JD = sinusoids(state.length, x_BD.shape[1], x_BD).flip(0)  # the oldest is farthest
        r_JHZ = torch.unflatten(self.relative(waves_JD), -1, (self.heads, -1))
        position_BHJ = torch.einsum("bhz,jhz->bhj", q_BHZ + self.biases.position_HZ, r_JHZ)
        bias_BH1J = position_BHJ[:, :, None] / math.sqrt(q_BHZ.shape[-1])
        q_BHZ = q_BHZ + self.biases.content_HZ
        y_BHZ = cache.read(q_BHZ, state, rotary=False, bias_BH1J=bias_BH1J)
        return self.norm(x_BD + self.out(y_BHZ.flatten(1))), state


class RelativeBiases(nn.Module):
    """u and v: biases of every query, u for the content of a key and v for its distance."""

    def __init__(self, heads: int, key_width: int) -> None:
        super().__init__()
        self.content_HZ = nn.Parameter(torch.empty(heads, key_width))  # u
        self.position_HZ = nn.Parameter(torch.empty(heads, key_width))  # v

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """N(0, 0.02^2), as published."""
        return 0.02 * torch.randn(getattr(self, name).shape, generator=generator)


def sinusoids(count: int, width: int, like: Tensor) -> Tensor:
    """R: each distance 0 to ``count`` - 1 as sines, then cosines, (count, width)."""
    real = torch.promote_types(like.dtype, torch.float32)
    distance_J = torch.arange(count, device=like.device, dtype=real)
    evens = torch.arange(0, width, 2, device=like.device, dtype=real)
    angle_JD = distance_J[:, None] * torch.pow(10000.0, -evens / width)
    return torch.cat((angle_JD.sin(), angle_JD.cos()), dim=-1).to(like.dtype)
