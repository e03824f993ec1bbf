"""The control without long-range memory: a causal convolution over a few tokens.

B batch, L length, D width.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from focus_core.layers.mixer import Mixer
from focus_core.layers.short_conv import ShortConv
from focus_core.systems.short_conv import ShortConvConfig


class ShortConvMixer(Mixer):
    """x + W SiLU(short convolution(norm(x)))."""

    def __init__(self, model: ShortConvConfig, max_length: int) -> None:  # noqa: ARG002
        super().__init__()
        self.norm = nn.LayerNorm(model.width)
        self.conv = ShortConv(model.width, model.taps or 0)
        self.out = nn.Linear(model.width, model.width)
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """(B, L, D) to (B, L, D)."""
        y_BLD = functional.silu(self.conv(self.norm(x_BLD)))
        out_BLD: Tensor = x_BLD + self.dropout(self.out(y_BLD))
        return out_BLD

    def initial_state(self, batch: int) -> Tensor:
        """The state before the first token."""
        return self.conv.initial_state(batch)

    def step(
        self,
        x_BD: Tensor,
        e_BNDO: Tensor | None,  # noqa: ARG002
        state: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """The next token's output (B, D), and the new state."""
        y_BD, state = self.conv.step(self.norm(x_BD), state)
        return x_BD + self.out(functional.silu(y_BD)), state
