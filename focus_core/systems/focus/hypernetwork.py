"""H, the network that computes the filters: Theta = MLP(MaxPool(GlobalConv(x))) (Eq. 1-3).

B batch, L length, D width, N bins, R bin length, O pooling windows a bin, F filters, P order.
"""

from __future__ import annotations

import math
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.errors import UserError
from focus_core.layers.convolution import convolve
from focus_core.layers.ema import DampedEMA
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.hyperfan import (
    ACTIVATIONS,
    IDENTITY_LOGIT,
    HyperfanLinear,
    XavierLinear,
)
from focus_core.systems.focus.orders import BY_SIGMOID
from focus_core.systems.focus.pooling import pool


class GlobalConv(nn.Module):
    """A convolution as long as the sequence, with a squashed kernel (Fu et al. 2023).

    It runs once, on the embedding, and all layers share its result; with ``global_conv="layer"``
    every layer has a convolution of its own.
    """

    rates: ClassVar = {"kernel": "conv_learning_rate"}

    def __init__(self, model: FocusConfig, max_length: int) -> None:
        super().__init__()
        self.squash, self.dropout = model.conv_squash, model.conv_dropout
        self.circular = model.global_conv == "circular"
        self.sides = 2 if model.global_conv == "two_sided" else 1
        self.kernel = nn.Parameter(torch.empty(model.width, self.sides * max_length))
        self.skip = nn.Parameter(torch.empty(model.width))

    def forward(self, x_BLD: Tensor) -> Tensor:
        """GELU(kernel * x + skip x), (B, L, D).

        Raises:
            UserError: more tokens than the kernel has taps.
        """
        L, max_length = x_BLD.shape[1], self.kernel.shape[1] // self.sides
        if max_length < L:
            raise UserError(
                f"a sequence of {L} tokens is longer than the global convolution's kernel: "
                f"build the model with max_length={L} or more, not {max_length}"
            )
        kernel_DL = squash(self.kernel[:, : self.sides * L], self.squash)
        kernel_DL = functional.dropout(kernel_DL, self.dropout, self.training)
        x_BDL = x_BLD.transpose(1, 2)
        if self.sides == 2:  # in 2 L points, a tap beyond lag L - 1 has a negative lag
            y_BDL = convolve(functional.pad(x_BDL, (0, L)), kernel_DL, circular=True)[..., :L]
        else:
            y_BDL = convolve(x_BDL, kernel_DL, circular=self.circular)
        return functional.gelu(torch.addcmul(y_BDL.transpose(1, 2), x_BLD, self.skip))

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Kernels of norm 1 at any length, which fall by e to e^4 from the first tap to the last.

        Most taps of this size survive the squashing, so distant tokens count from the first step.
        """
        if name == "skip":
            return torch.randn(self.skip.shape, generator=generator)
        D, max_length = self.kernel.shape
        rate_D1 = 4 ** (torch.arange(D)[:, None] / D)
        decay_DL = torch.exp(-rate_D1 * torch.arange(max_length) / max_length)
        kernel_DL = decay_DL * torch.randn(D, max_length, generator=generator)
        unit_DL: Tensor = kernel_DL / kernel_DL.norm(dim=1, keepdim=True)
        return unit_DL


def squash(kernel_DL: Tensor, threshold: float) -> Tensor:
    """sign(k) max(|k| - threshold, 0): small taps become 0."""
    return functional.softshrink(kernel_DL, threshold)


class GlobalEMA(DampedEMA):
    """Damped moving averages that replace the global convolution: a state of fixed size."""

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None = None) -> Tensor:
        """The same as ``DampedEMA``, (B, L, D)."""
        return super().forward(x_BLD, e_BNDO)


class HyperEmbedding(nn.Module):
    """e = MaxPool(GlobalConv(x)) (Eq. 2): what the hypernetworks of all layers read."""

    def __init__(self, model: FocusConfig, max_length: int) -> None:
        super().__init__()
        self.width, self.bin_length = model.width, model.bin_length
        # "roll" also reads the last bins, for the first ones
        self.shift = 0 if model.first_bin == "roll" else model.theta_shift
        self.windows, self.pooling = model.oversampling, model.pooling
        self.global_conv: nn.Module
        if model.global_conv == "none":
            self.global_conv = nn.Identity()
        elif model.global_conv == "ema":
            self.global_conv = GlobalEMA(model.width, model.ema_size)
        else:
            self.global_conv = GlobalConv(model, max_length)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """e_BNDO of all bins but the last ``shift``, from which no filter is computed.

        Raises:
            UserError: a sequence longer than the global convolution's kernel.
        """
        bins = math.ceil(x_BLD.shape[1] / self.bin_length) - self.shift
        if bins <= 0:
            return x_BLD.new_empty(len(x_BLD), 0, x_BLD.shape[2], self.windows)
        y_BLD = self.global_conv(x_BLD)
        return pool(y_BLD, bins, self.bin_length, self.windows, self.pooling)

    def initial_state(self, batch: int, like: Tensor) -> EmbeddingState:
        """The state before the first token, in the type and on the device of ``like``, (D,)."""
        averages = self.global_conv if isinstance(self.global_conv, GlobalEMA) else None
        conv = None if averages is None else averages.initial_state(batch)
        return EmbeddingState(conv, like.new_empty(batch, 0, len(like)), ())

    def step(self, x_BD: Tensor, state: EmbeddingState) -> tuple[Tensor, EmbeddingState]:
        """e_BNDO for the filters of this token's bin, and the new state.

        N is 0 in the first bins, which have no bin to read. The global convolution must be ``none``
        or ``ema``: others have no step.
        """
        conv, bin_BRD, pooled = state
        if bin_BRD.shape[1] == self.bin_length:
            e_B1DO = pool(bin_BRD, 1, self.bin_length, self.windows, self.pooling)
            pooled = (*pooled, e_B1DO)[-self.shift :]
            bin_BRD = bin_BRD[:, :0]
        y_BD = x_BD
        if isinstance(self.global_conv, GlobalEMA) and conv is not None:
            y_BD, conv = self.global_conv.step(x_BD, None, conv)
        state = EmbeddingState(conv, torch.cat((bin_BRD, y_BD[:, None]), dim=1), pooled)
        none_B0DO = x_BD.new_empty(len(x_BD), 0, x_BD.shape[1], self.windows)
        return (pooled[0] if len(pooled) == self.shift else none_B0DO), state


class EmbeddingState(NamedTuple):
    """A decoder's state: of the averages, of the present bin, and of the bins before it."""

    conv: Tensor | None
    bin_BRD: Tensor  # noqa: N815
    pooled: tuple[Tensor, ...]  # e_B1DO of the last ``theta_shift`` bins, oldest first


class HyperNetwork(nn.Module):
    """Logits of every bin's filters, computed from the bin ``theta_shift`` bins earlier.

    All bins and channels share the MLP. The first ``theta_shift`` bins have no such bin. Their
    logits are learned, fixed, or come from the last bins (a control: this leaks).
    """

    def __init__(self, model: FocusConfig) -> None:
        super().__init__()
        self.width, self.bank = model.width, (model.filters, model.order)
        self.shift, self.first_bin, self.start = (
            model.theta_shift,
            model.first_bin,
            model.theta_init,
        )
        self.first_logit = ZERO_LOGIT if zero_is_far(model) else 0.0
        self.activation = ACTIVATIONS[model.hyper_activation]
        self.hidden = XavierLinear(model.oversampling, model.hyper_width)
        self.out = HyperfanLinear(
            model.hyper_width,
            filters=model.filters,
            order=model.order,
            windows=model.oversampling,
            activation=model.hyper_activation,
            start=model.theta_init,
        )
        learned = model.theta_shift > 0 and model.first_bin == "learned"
        self.first_DFP = nn.Parameter(torch.empty(self.width, *self.bank)) if learned else None

    def forward(self, e_BNDO: Tensor, bins: int) -> Tensor:
        """Logits s_BNDFP of ``bins`` bins; the embedding e_BNDO gives those of the last bins."""
        B, known, D, _ = e_BNDO.shape
        s_BND = self.out(self.activation(self.hidden(e_BNDO)))  # Eq. 3
        s_BNDFP = torch.unflatten(s_BND, -1, self.bank)
        if self.first_bin == "roll":
            return s_BNDFP.roll(self.shift, dims=1)
        if bins == known:
            return s_BNDFP
        fixed_DFP = s_BNDFP.new_full((D, *self.bank), self.first_logit)
        first_DFP = fixed_DFP if self.first_DFP is None else self.first_DFP
        first_BNDFP = first_DFP.expand(B, bins - known, D, *self.bank)
        return torch.cat((first_BNDFP, s_BNDFP), dim=1)

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """Logits of the first bins, around the mean at which the other bins' logits start.

        The filters of a bank start at different values: their outputs are summed, so equal filters
        would stay equal.
        """
        spread = 0.5 if self.bank[0] > 1 else 0.0
        centre = IDENTITY_LOGIT if self.start == "identity" else 0.0
        return centre + spread * torch.randn((self.width, *self.bank), generator=generator)


ZERO_LOGIT = -1e4
"""A logit whose sigmoid is exactly 0."""


def zero_is_far(model: FocusConfig) -> bool:
    """True if the first bins have coefficients 0, and only a logit of -infinity gives 0."""
    return model.first_bin == "zero" and model.parameterisation in BY_SIGMOID
