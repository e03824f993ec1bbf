"""H, the network that computes the filters: Theta = MLP(MaxPool(GlobalConv(x))) (Eq. 1-3).

B batch, L length, D width, N bins, R bin length, O pooling windows a bin, F filters, P order.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.config import ModelConfig
from focus_core.convolution import convolve


class GlobalConv(nn.Module):
    """A convolution as long as the sequence, with a squashed kernel (Fu et al. 2023).

    Runs once, on the embedding; all layers share what it returns.
    """

    def __init__(self, model: ModelConfig, max_length: int) -> None:
        super().__init__()
        self.squash, self.dropout = model.conv_squash, model.conv_dropout
        self.circular = model.global_conv == "circular"
        self.kernel = nn.Parameter(torch.empty(model.width, max_length))
        self.skip = nn.Parameter(torch.empty(model.width))

    def forward(self, x_BLD: Tensor) -> Tensor:
        """GELU(kernel * x + skip x), (B, L, D).

        Raises:
            ValueError: more tokens than the kernel has taps.
        """
        L, max_length = x_BLD.shape[1], self.kernel.shape[1]
        if max_length < L:
            raise ValueError(
                f"a sequence of {L} tokens is longer than the global convolution's kernel: "
                f"build the model with max_length={L} or more, not {max_length}"
            )
        kernel_DL = squash(self.kernel[:, :L], self.squash)
        kernel_DL = functional.dropout(kernel_DL, self.dropout, self.training)
        y_BDL = convolve(x_BLD.transpose(1, 2), kernel_DL, circular=self.circular)
        return functional.gelu(torch.addcmul(y_BDL.transpose(1, 2), x_BLD, self.skip))

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Kernels of norm 1, however long, that fall by e to e^4 from first tap to last.

        Of that size most taps outlive the squashing, and a token far back is heard from the start.
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


class HyperEmbedding(nn.Module):
    """e = MaxPool(GlobalConv(x)) (Eq. 2): what the hypernetworks of all layers read."""

    def __init__(self, model: ModelConfig, max_length: int) -> None:
        super().__init__()
        self.bin_length, self.shift = model.bin_length, model.theta_shift
        self.windows = model.oversampling
        convolved = model.global_conv != "none"
        self.global_conv = GlobalConv(model, max_length) if convolved else nn.Identity()

    def forward(self, x_BLD: Tensor) -> Tensor:
        """e_BNDO of all bins but the last ``theta_shift``, which no filter is computed from.

        Raises:
            ValueError: a sequence longer than the global convolution's kernel.
        """
        bins = math.ceil(x_BLD.shape[1] / self.bin_length) - self.shift
        if bins <= 0:
            return x_BLD.new_empty(len(x_BLD), 0, x_BLD.shape[2], self.windows)
        return pool(self.global_conv(x_BLD), bins, self.bin_length, self.windows)


def pool(x_BLD: Tensor, bins: int, bin_length: int, windows: int) -> Tensor:
    """The maxima e_BNDO over ``windows`` windows of each of the first ``bins`` bins.

    Window o of a bin of R steps is [floor(o R / O), ceil((o + 1) R / O)): none crosses an edge.
    """
    B, L, D = x_BLD.shape
    steps = bins * bin_length
    x_BDL = x_BLD.transpose(1, 2)[..., :steps]
    if steps > L:  # only where a bin's filter is computed from the bin itself
        x_BDL = functional.pad(x_BDL, (0, steps - L), value=-math.inf)
    e_BDNO = functional.adaptive_max_pool1d(x_BDL, bins * windows)
    if steps > L:  # a window without a token says nothing
        e_BDNO = e_BDNO.masked_fill(torch.isneginf(e_BDNO), 0)
    return e_BDNO.view(B, D, bins, windows).transpose(1, 2)


class HyperNetwork(nn.Module):
    """Logits of every bin's filters, from the bin ``theta_shift`` before it.

    The MLP is shared over bins and channels. The first bins have no bin before them: their
    logits are learned.
    """

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.width, self.bank = model.width, (model.filters, model.order)
        self.hidden = XavierLinear(model.oversampling, model.hyper_width)
        self.out = HyperfanLinear(
            model.hyper_width, model.filters * model.order, windows=model.oversampling
        )
        self.width = model.width
        first_DFP = nn.Parameter(torch.empty(self.width, *self.bank))
        self.first_DFP = first_DFP if model.theta_shift else None

    def forward(self, e_BNDO: Tensor, bins: int) -> Tensor:
        """Logits s_BNDFP of ``bins`` bins, the last of them from the embedding e_BNDO."""
        B, known, D, _ = e_BNDO.shape
        s_BND = self.out(torch.sigmoid(self.hidden(e_BNDO)))  # Eq. 3
        s_BNDFP = torch.unflatten(s_BND, -1, self.bank)
        if self.first_DFP is None:
            return s_BNDFP
        first_BNDFP = self.first_DFP.expand(B, bins - known, D, *self.bank)
        return torch.cat((first_BNDFP, s_BNDFP), dim=1)

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """The first bins start at sigmoid(0), where the others start on average.

        The filters of a bank start apart: they are summed, so equal ones would stay equal.
        """
        spread = 0.5 if self.bank[0] > 1 else 0.0
        return spread * torch.randn((self.width, *self.bank), generator=generator)


class StaticLogits(nn.Module):
    """Focus-H: learned logits, the same for all bins and sequences."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.logits_DFP = nn.Parameter(torch.empty(model.width, model.filters, model.order))

    def forward(self, e_BNDO: Tensor | None, bins: int) -> Tensor:  # noqa: ARG002
        """Logits (1, 1, D, F, P); they broadcast over batch and bins."""
        return self.logits_DFP[None, None]

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """N(0, 0.5^2): the filters of a bank differ from the start."""
        return 0.5 * torch.randn(self.logits_DFP.shape, generator=generator)


class XavierLinear(nn.Linear):
    """A linear layer with Glorot's uniform initial weights."""

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Weights with variance 2 / (fan in + fan out); biases 0."""
        if name == "bias":
            return torch.zeros(self.out_features)
        bound = math.sqrt(6 / (self.in_features + self.out_features))
        return bound * (2 * torch.rand(self.weight.shape, generator=generator) - 1)


class HyperfanLinear(nn.Linear):
    """The last layer of a hypernetwork with a sigmoid hidden layer (Chang et al. 2020, fan-in).

    Var(W) = 1 / (F P hidden m2), where m2 is the second moment of a hidden unit: the F P
    generated coefficients of a channel then have logits of variance 1 / (F P).
    """

    def __init__(self, hidden: int, outputs: int, *, windows: int) -> None:
        super().__init__(hidden, outputs)
        # sigmoid(u), u about 0: mean 1/2, slope 1/4; a Xavier layer of unit inputs gives Var(u)
        self.second_moment = 1 / 4 + (2 * windows / (windows + hidden)) / 16

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Weights of the hyperfan-in variance; biases 0."""
        if name == "bias":
            return torch.zeros(self.out_features)
        variance = 1 / (self.out_features * self.in_features * self.second_moment)
        return math.sqrt(variance) * torch.randn(self.weight.shape, generator=generator)
