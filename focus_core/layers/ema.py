"""A rival of the filter bank: the damped exponential moving average (Ma et al. 2022, Mega).

B batch, L length, D width, S averages per channel, M and N steps of two tables.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.layers.convolution import convolve
from focus_core.layers.tables import table_sizes


class DampedEMA(nn.Module):
    """SiLU(mix + skip), with a mix of S damped averages per channel over the whole sequence."""

    def __init__(self, width: int, size: int) -> None:
        """Make ``size`` averages for each of ``width`` channels."""
        super().__init__()
        shape = (width, size)
        self.delta_DS = nn.Parameter(torch.empty(shape))
        self.alpha_DS = nn.Parameter(torch.empty(shape))
        self.beta_DS = nn.Parameter(torch.empty(shape))
        self.gamma_DS = nn.Parameter(torch.empty(shape))
        self.omega_D = nn.Parameter(torch.empty(width))

    def kernel(self, length: int) -> Tensor:
        """The impulse response h_DL = sum_S gamma p beta q^t / sqrt(S)."""
        p_DS = torch.sigmoid(self.delta_DS)
        q_DS = 1 - p_DS * torch.sigmoid(self.alpha_DS)
        log_q_DS = torch.log(q_DS.clamp(min=torch.finfo(q_DS.dtype).tiny))  # -inf times 0 is NaN
        M, N = table_sizes(length, length)
        near_M = torch.arange(M, device=q_DS.device, dtype=q_DS.dtype)
        far_N = M * torch.arange(N, device=q_DS.device, dtype=q_DS.dtype)
        near_DSM = torch.exp(log_q_DS[:, :, None] * near_M)
        far_DNS = torch.exp(log_q_DS[:, None] * far_N[:, None])
        weight_DS = p_DS * self.beta_DS * self.gamma_DS / math.sqrt(p_DS.shape[1])
        return ((weight_DS[:, None] * far_DNS) @ near_DSM).flatten(1)[:, :length]

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """SiLU(h * x + omega x), (B, L, D)."""
        y_BDL = convolve(x_BLD.transpose(1, 2), self.kernel(x_BLD.shape[1]))
        return functional.silu(torch.addcmul(y_BDL.transpose(1, 2), x_BLD, self.omega_D))

    def initial_state(self, batch: int) -> Tensor:
        """The averages s_BDS before the first token: zeros."""
        return self.omega_D.new_zeros(batch, *self.delta_DS.shape)

    def step(
        self,
        x_BD: Tensor,
        e_BNDO: Tensor | None,  # noqa: ARG002
        s_BDS: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """The output for the next token, (B, D), and the new averages s = q s + p beta x."""
        p_DS = torch.sigmoid(self.delta_DS)
        q_DS = 1 - p_DS * torch.sigmoid(self.alpha_DS)
        s_BDS = q_DS * s_BDS + p_DS * self.beta_DS * x_BD[..., None]
        y_BD = (self.gamma_DS * s_BDS).sum(dim=-1) / math.sqrt(p_DS.shape[1])
        return functional.silu(torch.addcmul(y_BD, x_BD, self.omega_D)), s_BDS

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Mega's initial values: beta alternates in sign, so that a channel's averages differ."""
        value = torch.randn(getattr(self, name).shape, generator=generator)
        if name in ("delta_DS", "alpha_DS"):
            return 0.2 * value
        if name == "beta_DS":
            return 0.02 * value + 1 - 2 * (torch.arange(value.shape[1]) % 2)
        return value
