"""Complex pole pairs in coupled form, with a radius and an angle for every token.

This bank is the limit of the Focus layer for bins of one token. Its state is carried, Theta comes
from a linear map across channels, and the initial time constants are spread over the channels. At
each step, the state of a filter turns by an angle w and is multiplied by a radius r below 1, so no
change of w or r can make the state grow. With real poles every angle is 0, and the logits and
states of a pole have half as many numbers.

B batch, L length, D width, F filters, N bins, T steps of Theta (L, N or 1), I parts of a pole and
of its state: 2, or 1 for a real pole.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.layers.attention import to_bins
from focus_core.systems.focus.ablations.coefficients import MAX_RADIUS
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.recurrence import recur
from focus_core.systems.focus.token_wise.one_pass import mixed_states, runs_in_one_pass
from focus_core.systems.focus.token_wise.recurrence import recur_complex

STATIC_BIN = 128
"""Tokens whose gradients of static poles are summed in one go: longer sums lose digits."""


class CoupledState(NamedTuple):
    """A decoder's state: the filters' states and, with bins, the present bin's sum and poles."""

    position: int
    s_BFDI: Tensor  # noqa: N815
    sum_BD: Tensor  # noqa: N815
    logits_BIFD: Tensor  # noqa: N815


class CoupledBank(nn.Module):
    """F complex pole pairs per channel; the output mixes the parts of their states."""

    def __init__(self, model: FocusConfig) -> None:
        super().__init__()
        self.binned = model.theta == "bin"
        self.bin_length = model.bin_length if self.binned else 1
        self.logits = StaticPoles(model) if model.theta == "static" else PolesFromInput(model)
        self.mix_FDI = nn.Parameter(torch.empty(model.filters, model.width, parts(model)))

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """The mix over F of s[t] = r e^{jw} s[t-1] + sqrt(1 - r^2) x[t], (B, L, D)."""
        x_LBD = x_BLD.transpose(0, 1)
        s_TBIFD = self.logits(x_LBD).to(x_LBD.dtype)  # autocast computes them in a half type
        one_pass = runs_in_one_pass(s_TBIFD, x_LBD, self.mix_FDI)
        y_LBD = (self._in_one_pass if one_pass else self._by_recurrence)(s_TBIFD, x_LBD)
        return y_LBD.transpose(0, 1).to(x_BLD.dtype)

    def _in_one_pass(self, s_TBIFD: Tensor, x_LBD: Tensor) -> Tensor:
        bin_length = self.bin_length
        if isinstance(self.logits, StaticPoles):
            bin_length, B = STATIC_BIN, x_LBD.shape[1]
            s_TBIFD = s_TBIFD.expand(-(-len(x_LBD) // bin_length), B, -1, -1, -1)
        mix_IH = self.mix_FDI.permute(2, 0, 1).flatten(1)
        return mixed_states(s_TBIFD.flatten(3), x_LBD, mix_IH, bin_length)

    def _by_recurrence(self, s_TBIFD: Tensor, x_LBD: Tensor) -> Tensor:
        decay_TBFD, angle_TBFD = to_poles(s_TBIFD)
        gain_TBFD = torch.sqrt(-torch.expm1(2 * decay_TBFD))  # sqrt(1 - r^2)
        drive_LBFD = self._every_token(gain_TBFD, x_LBD) * x_LBD.unsqueeze(2)
        states_LG = recur_poles(
            drive_LBFD.flatten(1),
            self._every_token(decay_TBFD, x_LBD).flatten(1),
            None if angle_TBFD is None else self._every_token(angle_TBFD, x_LBD).flatten(1),
        )
        mixed_LBFD = torch.zeros_like(drive_LBFD)
        for state_LG, mix_FD in zip(states_LG, self.mix_FDI.unbind(-1), strict=True):
            mixed_LBFD = torch.addcmul(mixed_LBFD, state_LG.view(drive_LBFD.shape), mix_FD)
        return mixed_LBFD.sum(dim=2)

    def _every_token(self, theta_TBFD: Tensor, x_LBD: Tensor) -> Tensor:
        if self.bin_length > 1:
            theta_TBFD = theta_TBFD.repeat_interleave(self.bin_length, dim=0)[: len(x_LBD)]
        return theta_TBFD.expand(*x_LBD.shape[:2], -1, -1)

    def initial_state(self, batch: int) -> CoupledState:
        """The state before the first token."""
        D = self.mix_FDI.shape[1]
        nothing = self.mix_FDI.new_zeros(0)
        sum_BD = self.mix_FDI.new_zeros(batch, D) if self.binned else nothing
        kind = torch.promote_types(self.mix_FDI.dtype, torch.float32)  # the type of the poles
        s_BFDI = self.mix_FDI.new_zeros(batch, *self.mix_FDI.shape, dtype=kind)
        return CoupledState(0, s_BFDI, sum_BD, nothing)

    def step(
        self,
        x_BD: Tensor,
        e_BNDO: Tensor | None,  # noqa: ARG002
        state: CoupledState,
    ) -> tuple[Tensor, CoupledState]:
        """The output for the next token, (B, D), and the new state."""
        position, sum_BD, logits_BIFD = state.position, state.sum_BD, state.logits_BIFD
        if position == 0:  # the first token of a bin; without bins, every token
            logits_BIFD = self.logits.of_bin(sum_BD / self.bin_length, x_BD)
            sum_BD = torch.zeros_like(sum_BD)
        s_BFDI = self._next_state(x_BD, logits_BIFD, state.s_BFDI)
        y_BD = (s_BFDI * self.mix_FDI).sum(dim=(1, 3)).to(x_BD.dtype)
        if not self.binned:  # every token has its own poles, or all share the same
            return y_BD, state._replace(s_BFDI=s_BFDI)
        position = (position + 1) % self.bin_length
        return y_BD, CoupledState(position, s_BFDI, sum_BD + x_BD, logits_BIFD)

    def _next_state(self, x_BD: Tensor, logits_BIFD: Tensor, s_BFDI: Tensor) -> Tensor:
        decay_1BFD, angle_1BFD = to_poles(logits_BIFD[None])
        r_BFD = torch.exp(decay_1BFD[0])
        drive_BFD = torch.sqrt(-torch.expm1(2 * decay_1BFD[0])) * x_BD[:, None]
        if angle_1BFD is None:
            return torch.addcmul(drive_BFD, r_BFD, s_BFDI[..., 0]).unsqueeze(-1)
        turned_BFD = torch.polar(r_BFD, angle_1BFD[0]) * torch.view_as_complex(s_BFDI)
        return torch.view_as_real(turned_BFD + drive_BFD)

    def pole_radius(self, s_TBIFD: Tensor) -> Tensor:
        """The pole radius of each filter, (T, B, F, D)."""
        return torch.exp(to_poles(s_TBIFD)[0])

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """N(0, 1 / (F I)): the mixing weights of a channel have a squared norm of 1 on average."""
        shape = self.mix_FDI.shape
        return torch.randn(shape, generator=generator) / math.sqrt(shape[0] * shape[2])


def parts(model: FocusConfig) -> int:
    """I: the number of parts of a pole and of its state."""
    return 1 if model.poles == "real" else 2


def to_poles(s_TBIFD: Tensor) -> tuple[Tensor, Tensor | None]:
    """The logarithm of the radius r = c sigmoid(s) below 1, and the angle w = pi sigmoid(s).

    For real poles the angle is None.
    """
    real = torch.promote_types(s_TBIFD.dtype, torch.float32)  # half types drift over time
    radius_TBFD, *angles_TBFD = s_TBIFD.to(real).unbind(2)
    decay_TBFD = functional.logsigmoid(radius_TBFD) + math.log(MAX_RADIUS)
    return decay_TBFD, math.pi * torch.sigmoid(angles_TBFD[0]) if angles_TBFD else None


def recur_poles(w_LG: Tensor, decay_LG: Tensor, angle_LG: Tensor | None) -> tuple[Tensor, ...]:
    """The parts of the states of real or complex poles, as ``recur_complex`` returns them."""
    if angle_LG is not None:
        return recur_complex(w_LG, decay_LG, angle_LG)
    return (recur(w_LG.unsqueeze(1), -torch.exp(decay_LG)[None]).squeeze(1),)


class PolesFromInput(nn.Module):
    """Logits of radius and angle from the token itself, or from the mean of the bin before.

    A linear map across channels, of low or full rank, writes them. Its bias starts at the logits of
    a static bank.
    """

    def __init__(self, model: FocusConfig) -> None:
        super().__init__()
        self.shape = (parts(model), model.filters, model.width)
        self.bin_length = model.bin_length if model.theta == "bin" else 0
        rank = model.theta_rank
        self.down = nn.Linear(model.width, rank, bias=False) if rank else nn.Identity()
        self.up = PoleLinear(model, rank or model.width)

    def forward(self, x_LBD: Tensor) -> Tensor:
        """s_TBIFD for every token or every bin."""
        if self.bin_length:
            x_LBD = self._bins_before(x_LBD)
        s_TBS: Tensor = self.up(self.down(x_LBD))
        return torch.unflatten(s_TBS, -1, self.shape)

    def of_bin(self, before_BD: Tensor, x_BD: Tensor) -> Tensor:
        """s_BIFD of the bin that starts with token x; ``before_BD`` is the mean before it."""
        read_BD = before_BD if self.bin_length else x_BD
        s_BS: Tensor = self.up(self.down(read_BD))
        return torch.unflatten(s_BS, -1, self.shape)

    def _bins_before(self, x_LBD: Tensor) -> Tensor:
        """The mean of the bin before each bin, (N, B, D); 0 before the first."""
        whole = (x_LBD.shape[0] - 1) // self.bin_length  # number of bins before the last
        mean_BND = to_bins(x_LBD.transpose(0, 1)[:, : whole * self.bin_length], self.bin_length)
        mean_NBD = mean_BND.mean(dim=2).transpose(0, 1)
        return torch.cat((torch.zeros_like(x_LBD[:1]), mean_NBD))


class StaticPoles(nn.Module):
    """A control: the same learned logits for every token."""

    def __init__(self, model: FocusConfig) -> None:
        super().__init__()
        self.model = model
        self.logits_IFD = nn.Parameter(torch.empty(parts(model), model.filters, model.width))

    def forward(self, x_LBD: Tensor) -> Tensor:  # noqa: ARG002
        """s_TBIFD with T = B = 1."""
        return self.logits_IFD[None, None]

    def of_bin(self, before_BD: Tensor, x_BD: Tensor) -> Tensor:  # noqa: ARG002
        """s_BIFD with B = 1."""
        return self.logits_IFD[None]

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """The logits of ``spread_logits``."""
        return spread_logits(self.model)


class PoleLinear(nn.Linear):
    """The map that writes the logits; adaptive and static banks start from the same poles."""

    def __init__(self, model: FocusConfig, inputs: int) -> None:
        super().__init__(inputs, parts(model) * model.filters * model.width)
        self.model = model

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """For inputs of variance 1: logits of variance 1 / (I F) around ``spread_logits``.

        This is the fan-in rule of Chang et al. 2020 for I F generated numbers per channel.
        """
        if name == "bias":
            return spread_logits(self.model).flatten()
        fan = parts(self.model) * self.model.filters * self.in_features
        return math.sqrt(1 / fan) * torch.randn(self.weight.shape, generator=generator)


def spread_logits(model: FocusConfig) -> Tensor:
    """Logits s_IFD: time constants tau with r = e^{-1/tau}, and angles over (0, pi).

    Channels are evenly spaced in log tau; the filters of a bank are shifted against each other.
    Angles are multiples of the golden ratio, so that every range of time constants has angles from
    the whole of (0, pi).
    """
    F, D = model.filters, model.width
    place_FD = torch.arange(D) + torch.arange(F)[:, None] * (D / F)
    share_FD = (place_FD % D) / max(1, D - 1)
    low, high = math.log(model.time_min), math.log(model.time_max)
    tau_FD = torch.exp(low + (high - low) * share_FD.clamp(max=1))
    angle_FD = ((1 + torch.arange(F)[:, None] + F * torch.arange(D)) * 0.618034) % 1
    radius_FD = torch.logit(torch.exp(-1 / tau_FD) / MAX_RADIUS)
    return torch.stack((radius_FD, torch.logit(angle_FD, eps=1e-3)))[: parts(model)]
