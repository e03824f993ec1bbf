"""A short causal convolution, separate per channel. B batch, L length, D width, J taps."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class ShortConv(nn.Module):
    """y[t] = bias + sum_j taps[j] x[t - j] over the lags j = 0 ... J - 1."""

    def __init__(self, width: int, taps: int) -> None:
        super().__init__()
        self.taps_DJ = nn.Parameter(torch.empty(width, taps))
        self.bias_D = nn.Parameter(torch.empty(width))

    def forward(self, x_BLD: Tensor) -> Tensor:
        """(B, L, D) to (B, L, D)."""
        D, J = self.taps_DJ.shape
        x_BDL = functional.pad(x_BLD.transpose(1, 2), (J - 1, 0))
        kernel_D1J = self.taps_DJ.flip(1)[:, None]  # torch correlates: the last weight is lag 0
        y_BDL = functional.conv1d(x_BDL, kernel_D1J, self.bias_D, groups=D)
        return y_BDL.transpose(1, 2)

    def initial_state(self, batch: int) -> Tensor:
        """The last J - 1 inputs x_BJD, oldest first: zeros."""
        D, J = self.taps_DJ.shape
        return self.taps_DJ.new_zeros(batch, J - 1, D)

    def step(self, x_BD: Tensor, past_BJD: Tensor) -> tuple[Tensor, Tensor]:
        """The output for the next token, (B, D), and the inputs to keep."""
        known_BJD = torch.cat((past_BJD, x_BD[:, None]), dim=1)
        y_BD = torch.einsum("bjd,dj->bd", known_BJD, self.taps_DJ.flip(1)) + self.bias_D
        return y_BD, known_BJD[:, 1:]

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Taps N(0, 1 / J), which keep the variance of white noise; biases 0."""
        if name == "bias_D":
            return torch.zeros(self.bias_D.shape)
        scale: float = self.taps_DJ.shape[1] ** -0.5
        return scale * torch.randn(self.taps_DJ.shape, generator=generator)
