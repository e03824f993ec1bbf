"""The Focus layer: filters written by a hypernetwork, then chunked attention (Eq. 4-14).

B batch, L length, D width, N bins, R bin length, O pooling windows, F filters, P order,
Z key width, V value width.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from focus_core.attention import chunked_attention, sliding_attention, to_bins
from focus_core.coefficients import to_coefficients, to_filters
from focus_core.config import ModelConfig
from focus_core.ema import DampedEMA
from focus_core.filters import filter_bins
from focus_core.hypernetwork import HyperNetwork, StaticLogits
from focus_core.short_conv import ShortConv


class FilterBank(nn.Module):
    """F all-pole filters a channel, a set for every bin: adaptive or static."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.model = model
        self.logits = HyperNetwork(model) if model.filter == "adaptive" else StaticLogits(model)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """x_f, (B, L, D) (Eq. 4-8)."""
        x_BNRD = to_bins(x_BLD, self.model.bin_length)
        a_BNDFP, gain_BNDF = to_filters(
            self.logits(e_BNDO, x_BNRD.shape[1]).to(x_BLD.dtype),
            parameterisation=self.model.parameterisation,
            gain=self.model.gain,
        )
        y_BNRD = filter_bins(
            x_BNRD,
            a_BNDFP,
            gain_BNDF,
            realisation=self.model.realisation,
            nfft=self.model.nfft,
            carry=self.model.carry,
        )
        return y_BNRD.flatten(1, 2)[:, : x_BLD.shape[1]]

    def coefficients(self, e_BNDO: Tensor | None, bins: int) -> Tensor:
        """a_BNDFP of ``bins`` bins."""
        return to_coefficients(self.logits(e_BNDO, bins), self.model.parameterisation)


class NoFilter(nn.Module):
    """x_f = x."""

    def __init__(self, model: ModelConfig) -> None:  # noqa: ARG002
        super().__init__()

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """The input itself."""
        return x_BLD


class ShortFilter(nn.Module):
    """A control: x_f is a few tokens, mixed."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.conv = ShortConv(model.width, model.taps or 0)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """x_f, (B, L, D)."""
        y_BLD: Tensor = self.conv(x_BLD)
        return y_BLD


FILTERS: dict[str, Callable[[ModelConfig], nn.Module]] = {
    "adaptive": FilterBank,
    "static": FilterBank,
    "ema": DampedEMA,
    "none": NoFilter,
    "shortconv": ShortFilter,
}


class FocusMixer(nn.Module):
    """Chunked attention whose keys, values and gates see the filtered sequence (Eq. 9-14)."""

    def __init__(self, model: ModelConfig, max_length: int) -> None:  # noqa: ARG002
        super().__init__()
        D, Z, V = model.width, model.key_width or 0, model.value_width or 0
        self.chunk_length, self.sliding = model.chunk_length, model.sliding
        self.attend = sliding_attention if model.sliding else chunked_attention
        self.norm = nn.LayerNorm(D)
        self.filter = FILTERS[model.filter](model)
        self.query = nn.Linear(D, Z)
        self.key = nn.Linear(D, Z)
        self.value = nn.Linear(D, V)
        self.reset_gate = nn.Linear(D, V)  # W_gamma, b_gamma
        self.update_gate = nn.Linear(D, D)  # W_phi, b_phi
        self.candidate = nn.Linear(D, D)  # W_h, b_h
        self.from_attention = nn.Linear(V, D, bias=False)  # U_h
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """o, (B, L, D)."""
        h_BLD = self.norm(x_BLD)
        xf_BLD = self.filter(h_BLD, e_BNDO)
        q_BLZ, k_BLZ = self.query(h_BLD), self.key(xf_BLD)
        v_BLV = functional.silu(self.value(xf_BLD))  # the activation is Mega's
        y_BLV = self.dropout(self.attend(q_BLZ, k_BLZ, v_BLV, self.chunk_length))  # Eq. 10
        gamma_BLV = functional.silu(self.reset_gate(xf_BLD))  # Eq. 11
        phi_BLD = torch.sigmoid(self.update_gate(xf_BLD))  # Eq. 12
        from_y_BLD = self.from_attention(gamma_BLV * y_BLV)
        z_BLD = functional.silu(self.candidate(xf_BLD) + from_y_BLD)  # Eq. 13
        return torch.lerp(x_BLD, z_BLD, phi_BLD)  # Eq. 14: phi z + (1 - phi) x
