"""S4 and S4D: a linear state space's kernel convolves every channel (Gu et al. 2022).

B batch, L length, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.layers.convolution import convolve
from focus_core.layers.mixer import Mixer
from focus_core.systems.state_space import S4Config
from focus_core.systems.state_space.kernels import DiagonalKernel, LowRankKernel


class S4Mixer(Mixer):
    """x + GLU(W GELU(kernel * norm(x) + skip norm(x))): HiPPO's A, diagonal plus low rank."""

    kind: type[DiagonalKernel] = LowRankKernel

    def __init__(self, model: S4Config, max_length: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(model.width)
        self.kernel = self.kind(model, max_length)
        self.skip_D = nn.Parameter(torch.empty(model.width))
        self.out = nn.Linear(model.width, 2 * model.width)
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """(B, L, D) to (B, L, D)."""
        h_BLD = self.norm(x_BLD)
        k_DL = self.kernel(x_BLD.shape[1]).to(x_BLD.dtype)
        y_BLD = convolve(h_BLD.transpose(1, 2), k_DL).transpose(1, 2)
        return self._blend(x_BLD, h_BLD, y_BLD)

    def _blend(self, x_BLD: Tensor, h_BLD: Tensor, y_BLD: Tensor) -> Tensor:
        y_BLD = self.dropout(functional.gelu(torch.addcmul(y_BLD, h_BLD, self.skip_D)))
        out_BLD: Tensor = x_BLD + self.dropout(functional.glu(self.out(y_BLD)))
        return out_BLD

    def initial_state(self, batch: int) -> Tensor:
        """The state before the first token."""
        return self.kernel.initial_state(batch)

    def step(
        self,
        x_BD: Tensor,
        e_BNDO: Tensor | None,  # noqa: ARG002
        state: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """The next token's output (B, D), and the new state."""
        h_BD = self.norm(x_BD)
        y_BD, state = self.kernel.step(h_BD, state)
        return self._blend(x_BD, h_BD, y_BD), state

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """The skip is N(0, 1)."""
        return torch.randn(self.skip_D.shape, generator=generator)


class S4DMixer(S4Mixer):
    """The same with a diagonal A."""

    kind = DiagonalKernel
