"""S4 and S4D: every channel convolved with the kernel of a linear state space (Gu et al. 2022).

B batch, L length, D width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.config import ModelConfig
from focus_core.convolution import convolve
from focus_core.state_space import DiagonalKernel, LowRankKernel


class S4Mixer(nn.Module):
    """x + GLU(W GELU(kernel * norm(x) + skip norm(x))): HiPPO's A, diagonal plus low rank."""

    kind: type[DiagonalKernel] = LowRankKernel

    def __init__(self, model: ModelConfig, max_length: int) -> None:
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
        y_BLD = self.dropout(functional.gelu(torch.addcmul(y_BLD, h_BLD, self.skip_D)))
        out_BLD: Tensor = x_BLD + self.dropout(functional.glu(self.out(y_BLD)))
        return out_BLD

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """The skip is N(0, 1)."""
        return torch.randn(self.skip_D.shape, generator=generator)


class S4DMixer(S4Mixer):
    """The same with a diagonal A."""

    kind = DiagonalKernel
