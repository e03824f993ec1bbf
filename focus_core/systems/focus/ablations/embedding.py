"""Ablations of what the hypernetwork reads (Eq. 2).

B batch, L length, D width, N bins, R bin length, O pooling windows a bin.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from focus_core.layers.convolution import convolve
from focus_core.layers.ema import DampedEMA
from focus_core.systems.focus.ablations.pooling import pool
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.hypernetwork import GlobalConv, HyperEmbedding, check_length


class CircularConv(GlobalConv):
    """A control, which leaks: the end of the sequence wraps to its start."""

    def convolved(self, x_BDL: Tensor) -> Tensor:
        """Kernel * x, (B, D, L)."""
        L = x_BDL.shape[2]
        check_length(L, self.kernel.shape[1])
        return convolve(x_BDL, self.regularised(self.kernel[:, :L]), circular=True)


class TwoSidedConv(GlobalConv):
    """A control, which leaks: half of the kernel's taps have negative lags."""

    def __init__(self, model: FocusConfig, max_length: int) -> None:
        super().__init__(model, 2 * max_length)

    def convolved(self, x_BDL: Tensor) -> Tensor:
        """Kernel * x, (B, D, L): in 2 L points, a tap beyond lag L - 1 has a negative lag."""
        L = x_BDL.shape[2]
        check_length(L, self.kernel.shape[1] // 2)
        kernel_DL = self.regularised(self.kernel[:, : 2 * L])
        return convolve(functional.pad(x_BDL, (0, L)), kernel_DL, circular=True)[..., :L]


class GlobalEMA(DampedEMA):
    """Damped moving averages that replace the global convolution: a state of fixed size."""

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None = None) -> Tensor:
        """The same as ``DampedEMA``, (B, L, D)."""
        return super().forward(x_BLD, e_BNDO)


class AblatedEmbedding(HyperEmbedding):
    """The embedding with another global convolution or pooling."""

    def __init__(self, model: FocusConfig, max_length: int) -> None:
        super().__init__(model, max_length)
        if model.first_bin == "roll":  # also read the last bins, for the first ones
            self.shift = 0
        self.pooling = model.pooling
        if model.global_conv == "none":
            self.global_conv = nn.Identity()
        elif model.global_conv == "ema":
            self.global_conv = GlobalEMA(model.width, model.ema_size)
        elif model.global_conv == "circular":
            self.global_conv = CircularConv(model, max_length)
        elif model.global_conv == "two_sided":
            self.global_conv = TwoSidedConv(model, max_length)

    def pooled(self, y_BLD: Tensor, bins: int) -> Tensor:
        """e_BNDO of the first ``bins`` bins."""
        return pool(y_BLD, bins, self.bin_length, self.windows, self.pooling)
