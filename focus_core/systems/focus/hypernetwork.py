"""H, the network that computes the filters: Theta = MLP(MaxPool(GlobalConv(x))) (Eq. 1-3).

B batch, L length, D width, N bins, R bin length, O pooling windows a bin, F filters, P order.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.errors import UserError
from focus_core.layers.attention import to_bins
from focus_core.layers.convolution import convolve
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.stepping import SteppedEmbedding


class GlobalConv(nn.Module):
    """A causal convolution as long as the sequence, with a squashed kernel (Fu et al. 2023)."""

    rates: ClassVar = {"kernel": "conv_learning_rate"}

    def __init__(self, model: FocusConfig, max_length: int) -> None:
        super().__init__()
        self.squash, self.dropout = model.conv_squash, model.conv_dropout
        self.kernel = nn.Parameter(torch.empty(model.width, max_length))
        self.skip = nn.Parameter(torch.empty(model.width))

    def forward(self, x_BLD: Tensor) -> Tensor:
        """GELU(kernel * x + skip x), (B, L, D).

        Raises:
            UserError: more tokens than the kernel has taps.
        """
        y_BDL = self.convolved(x_BLD.transpose(1, 2))
        return functional.gelu(torch.addcmul(y_BDL.transpose(1, 2), x_BLD, self.skip))

    def convolved(self, x_BDL: Tensor) -> Tensor:
        """Kernel * x, (B, D, L)."""
        L = x_BDL.shape[2]
        check_length(L, self.kernel.shape[1])
        traced = torch.compiler.is_compiling()  # the operator cuts the kernel, at any length
        kernel_DJ = self.kernel if traced else self.kernel[:, :L]
        return convolve(x_BDL, self.regularised(kernel_DJ))

    def initial_state(self, batch: int) -> Tensor:
        """The inputs x_BJD before the first token: none. All later inputs are kept."""
        return self.kernel.new_empty(batch, 0, len(self.kernel))

    def step(
        self,
        x_BD: Tensor,
        e_BNDO: Tensor | None,  # noqa: ARG002
        past_BJD: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """The output for the next token, (B, D), and the inputs to keep."""
        x_BJD = torch.cat((past_BJD, x_BD[:, None]), dim=1)
        J = x_BJD.shape[1]
        check_length(J, self.kernel.shape[1])
        kernel_DJ = self.regularised(self.kernel[:, :J]).flip(1)
        y_BD = torch.einsum("bjd,dj->bd", x_BJD, kernel_DJ)
        return functional.gelu(torch.addcmul(y_BD, x_BD, self.skip)), x_BJD

    @property
    def most_tokens(self) -> int:
        """The longest sequence."""
        return self.kernel.shape[1]

    def regularised(self, kernel_DL: Tensor) -> Tensor:
        """The kernel, squashed, and with dropout in training."""
        return functional.dropout(squash(kernel_DL, self.squash), self.dropout, self.training)

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


def check_length(length: int, max_length: int) -> None:
    """Raise a UserError for a sequence longer than the kernel."""
    if max_length < length:
        raise UserError(
            f"a sequence of {length} tokens is longer than the global convolution's kernel: "
            f"build the model with max_length={length} or more, not {max_length}"
        )


def squash(kernel_DL: Tensor, threshold: float) -> Tensor:
    """sign(k) max(|k| - threshold, 0): small taps become 0."""
    return functional.softshrink(kernel_DL, threshold)


class HyperEmbedding(SteppedEmbedding):
    """e = MaxPool(GlobalConv(x)) (Eq. 2): what the hypernetworks of all layers read."""

    def __init__(self, model: FocusConfig, max_length: int) -> None:
        super().__init__()
        self.width, self.bin_length = model.width, model.bin_length
        self.shift, self.windows = model.theta_shift, model.oversampling
        self.global_conv: nn.Module = GlobalConv(model, max_length)

    def forward(self, x_BLD: Tensor) -> Tensor:
        """e_BNDO of all bins but the last ``shift``, from which no filter is computed.

        A compiled graph computes the last bins too; ``HyperNetwork`` does not read them.

        Raises:
            UserError: a sequence longer than the global convolution's kernel.
        """
        bins = -(-x_BLD.shape[1] // self.bin_length)
        if torch.compiler.is_compiling():  # a compiled graph has no sizes that may be 0
            return self.pooled(self.global_conv(x_BLD), bins)
        if bins <= self.shift:
            return x_BLD.new_empty(len(x_BLD), 0, x_BLD.shape[2], self.windows)
        return self.pooled(self.global_conv(x_BLD), bins - self.shift)

    def pooled(self, y_BLD: Tensor, bins: int) -> Tensor:
        """e_BNDO of the first ``bins`` bins."""
        return max_pool(y_BLD, bins, self.bin_length, self.windows)


def max_pool(x_BLD: Tensor, bins: int, bin_length: int, windows: int) -> Tensor:
    """The maximum e_BNDO of each of ``windows`` windows of each of the first ``bins`` bins.

    Window o of a bin of R steps is [floor(o R / O), ceil((o + 1) R / O)): no window crosses the
    edge of a bin.
    """
    if torch.compiler.is_compiling():  # adaptive pooling has no unknown number of bins
        return _max_of_slices(to_bins(x_BLD, bin_length), windows)
    x_BDL = x_BLD.transpose(1, 2)[..., : bins * bin_length]
    e_BDNO = functional.adaptive_max_pool1d(x_BDL, bins * windows)
    return torch.unflatten(e_BDNO, 2, (bins, windows)).transpose(1, 2)


def _max_of_slices(x_BNRD: Tensor, windows: int) -> Tensor:
    R = x_BNRD.shape[2]
    edges = [(o * R // windows, -(-(o + 1) * R // windows)) for o in range(windows)]
    return torch.stack([x_BNRD[:, :, a:b].max(dim=2).values for a, b in edges], dim=3)


class HyperNetwork(nn.Module):
    """Logits of every bin's filters, computed from the bin ``theta_shift`` bins earlier.

    All bins and channels share the MLP. The first ``theta_shift`` bins have no such bin: they share
    learned logits.
    """

    def __init__(self, model: FocusConfig) -> None:
        super().__init__()
        self.width, self.bank = model.width, (model.filters, model.order)
        self.shift = model.theta_shift
        self.hidden = XavierLinear(model.oversampling, model.hyper_width)
        self.out = HyperfanLinear(model)
        self.first_DFP = nn.Parameter(torch.empty(self.width, *self.bank))

    def forward(self, e_BNDO: Tensor, bins: int) -> Tensor:
        """Logits s_BNDFP of the first ``bins`` bins; bin n reads e_BNDO of bin n - shift."""
        s_BNDFP = self.generated(e_BNDO)
        first_DFP = self.of_first_bins(s_BNDFP)
        first_BNDFP = first_DFP.expand(s_BNDFP.shape[0], self.shift, *first_DFP.shape)
        return torch.cat((first_BNDFP, s_BNDFP), dim=1)[:, :bins]

    def generated(self, e_BNDO: Tensor) -> Tensor:
        """Theta = MLP(e) (Eq. 3), before its last sigmoid."""
        s_BND = self.out(torch.sigmoid(self.hidden(e_BNDO)))
        return torch.unflatten(s_BND, -1, self.bank)

    def of_first_bins(self, s_BNDFP: Tensor) -> Tensor:  # noqa: ARG002
        """Logits (D, F, P) of each of the first bins."""
        return self.first_DFP

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """Logits of the first bins, around 0, the mean at which the other bins' logits start.

        The filters of a bank start at different values: their outputs are summed, so equal filters
        would stay equal.
        """
        shape = (self.width, *self.bank)
        only_one = self.bank[0] == 1
        return torch.zeros(shape) if only_one else 0.5 * torch.randn(shape, generator=generator)


class XavierLinear(nn.Linear):
    """A linear layer with Glorot's uniform initial weights."""

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Weights with variance 2 / (fan in + fan out); biases 0."""
        if name == "bias":
            return torch.zeros(self.out_features)
        bound = math.sqrt(6 / (self.in_features + self.out_features))
        return bound * (2 * torch.rand(self.weight.shape, generator=generator) - 1)


class HyperfanLinear(nn.Linear):
    """The last layer of H, which writes the logits of F filters of order P.

    Its weights have fan-in variance (Chang et al. 2020), Var(W) = 1 / (F P hidden m2), where m2 is
    the second moment of a hidden unit: the logits of the F P coefficients of a channel then have
    variance 1 / (F P).
    """

    def __init__(self, model: FocusConfig) -> None:
        hidden, windows = model.hyper_width, model.oversampling
        super().__init__(hidden, model.filters * model.order)
        # With inputs of variance 1, a Xavier layer gives the hidden units this variance. A sigmoid
        # has mean 1/2 and slope 1/4.
        variance = 2 * windows / (windows + hidden)
        self.second_moment = 1 / 4 + variance / 16

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Weights of the variance above; biases 0."""
        if name == "bias":
            return torch.zeros(self.out_features)
        return math.sqrt(self.variance()) * torch.randn(self.weight.shape, generator=generator)

    def variance(self) -> float:
        """The initial variance of the weights."""
        return 1 / (self.out_features * self.in_features * self.second_moment)
