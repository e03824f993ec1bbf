"""Its network. B batch, L length, D width."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from focus_core.layers.mixer import Mixer
from tests.toys.decay import DecayConfig


class Fading(nn.Module):
    """y_t = sum over s <= t of remains^(t - s) x_s."""

    def __init__(self, remains: float) -> None:
        super().__init__()
        self.remains = remains

    def forward(self, x_BLD: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        time_L = torch.arange(x_BLD.shape[1], device=x_BLD.device, dtype=x_BLD.dtype)
        weight_LL = (self.remains ** (time_L[:, None] - time_L).clamp(min=0)).tril()
        return weight_LL @ x_BLD


class DecayMixer(Mixer):
    """x + W fading(norm(x))."""

    def __init__(self, model: DecayConfig, max_length: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(model.width)
        self.fading = Fading(model.remains)
        self.out = nn.Linear(model.width, model.width)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        out_BLD: Tensor = x_BLD + self.out(self.fading(self.norm(x_BLD)))
        return out_BLD
