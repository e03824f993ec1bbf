"""Complex pole pairs in coupled form, their radius and angle written for every token.

The limit of the Focus layer's bins at one token: the state is carried, Theta comes from a linear
map across channels, and time constants are spread over channels at the start. The state of a
filter turns by an angle w and shrinks by a radius r at each step, so no change of either can make
it grow. B batch, L length, D width, F filters, N bins, T steps of Theta (L, N or 1).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from focus_core.attention import to_bins
from focus_core.coefficients import MAX_RADIUS
from focus_core.config import ModelConfig
from focus_core.recurrence import recur_complex


class CoupledBank(nn.Module):
    """F complex pole pairs a channel; real and imaginary parts of their states are mixed."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.bin_length = model.bin_length if model.theta == "bin" else 1
        self.logits = StaticPoles(model) if model.theta == "static" else PolesFromInput(model)
        self.mix_FD2 = nn.Parameter(torch.empty(model.filters, model.width, 2))

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """The mix over F of s[t] = r e^{jw} s[t-1] + sqrt(1 - r^2) x[t], (B, L, D)."""
        B, L, D = x_BLD.shape
        F = len(self.mix_FD2)
        x_LBD = x_BLD.transpose(0, 1)
        r_TBFD, w_TBFD = to_poles(self.logits(x_LBD))
        a_TBFD = torch.complex(r_TBFD * torch.cos(w_TBFD), r_TBFD * torch.sin(w_TBFD))
        gain_TBFD = torch.sqrt(1 - r_TBFD.square())
        if self.bin_length > 1:
            a_TBFD, gain_TBFD = (
                t.repeat_interleave(self.bin_length, dim=0)[:L] for t in (a_TBFD, gain_TBFD)
            )
        drive_LBFD = gain_TBFD * x_LBD.unsqueeze(2)
        s_LG = recur_complex(drive_LBFD.flatten(1), a_TBFD.expand(L, B, F, D).reshape(L, B * F * D))
        parts_LBFD2 = torch.view_as_real(s_LG).view(L, B, F, D, 2)
        y_LBD = (parts_LBFD2 * self.mix_FD2).sum(dim=(2, 4))
        y_BLD: Tensor = y_LBD.transpose(0, 1).to(x_BLD.dtype)
        return y_BLD

    def pole_radius(self, s_TB2FD: Tensor) -> Tensor:
        """The pole radius of each filter, (T, B, F, D)."""
        return to_poles(s_TB2FD)[0]

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """Together the parts of a channel's states start with norm 1."""
        shape = self.mix_FD2.shape
        return torch.randn(shape, generator=generator) / math.sqrt(shape[0] * shape[2])


def to_poles(s_TB2FD: Tensor) -> tuple[Tensor, Tensor]:
    """Radius r = c sigmoid(s) below 1, and angle w = pi sigmoid(s) in radians a token."""
    real = torch.promote_types(s_TB2FD.dtype, torch.float32)  # half types have no complex kin
    radius, angle = torch.sigmoid(s_TB2FD.to(real)).unbind(2)
    return MAX_RADIUS * radius, math.pi * angle


class PolesFromInput(nn.Module):
    """Logits of radius and angle from the token itself, or from the mean of the bin before.

    A linear map across channels, of low rank or full; its bias is where a static bank stands.
    """

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.filters, self.width = model.filters, model.width
        self.bin_length = model.bin_length if model.theta == "bin" else 0
        rank = model.theta_rank
        self.down = nn.Linear(model.width, rank, bias=False) if rank else nn.Identity()
        self.up = PoleLinear(model, rank or model.width)

    def forward(self, x_LBD: Tensor) -> Tensor:
        """s_TB2FD, of every token or every bin."""
        if self.bin_length:
            x_LBD = self._bins_before(x_LBD)
        s_TBS: Tensor = self.up(self.down(x_LBD))
        return torch.unflatten(s_TBS, -1, (2, self.filters, self.width))

    def _bins_before(self, x_LBD: Tensor) -> Tensor:
        """The mean of the bin before each bin, (N, B, D); 0 before the first."""
        whole = (x_LBD.shape[0] - 1) // self.bin_length  # of bins before the last one
        mean_BND = to_bins(x_LBD.transpose(0, 1)[:, : whole * self.bin_length], self.bin_length)
        mean_NBD = mean_BND.mean(dim=2).transpose(0, 1)
        return torch.cat((torch.zeros_like(x_LBD[:1]), mean_NBD))


class StaticPoles(nn.Module):
    """The control: the same logits for every token."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.model = model
        self.logits_2FD = nn.Parameter(torch.empty(2, model.filters, model.width))

    def forward(self, x_LBD: Tensor) -> Tensor:  # noqa: ARG002
        """s_TB2FD with T = B = 1."""
        return self.logits_2FD[None, None]

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """The spread poles."""
        return spread_logits(self.model)


class PoleLinear(nn.Linear):
    """The map that writes the logits; adaptive and static banks start from the same poles."""

    def __init__(self, model: ModelConfig, inputs: int) -> None:
        super().__init__(inputs, 2 * model.filters * model.width)
        self.model = model

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Logits of variance 1 / (2 F) about those of the spread poles, for inputs of variance 1.

        That is the fan-in rule of Chang et al. 2020 for 2 F generated numbers a channel.
        """
        if name == "bias":
            return spread_logits(self.model).flatten()
        fan = 2 * self.model.filters * self.in_features
        return math.sqrt(1 / fan) * torch.randn(self.weight.shape, generator=generator)


def spread_logits(model: ModelConfig) -> Tensor:
    """Logits (2, F, D): time constants tau with r = e^{-1/tau}, and angles over (0, pi).

    Channels are evenly spaced in log tau; a bank's filters are shifted against each other. Angles
    follow the golden ratio, so that no time constant keeps to one part of the circle.
    """
    F, D = model.filters, model.width
    place_FD = torch.arange(D) + torch.arange(F)[:, None] * (D / F)
    share_FD = (place_FD % D) / max(1, D - 1)
    low, high = math.log(model.time_min), math.log(model.time_max)
    tau_FD = torch.exp(low + (high - low) * share_FD.clamp(max=1))
    angle_FD = ((1 + torch.arange(F)[:, None] + F * torch.arange(D)) * 0.618034) % 1
    return torch.stack(
        (torch.logit(torch.exp(-1 / tau_FD) / MAX_RADIUS), torch.logit(angle_FD, eps=1e-3))
    )
