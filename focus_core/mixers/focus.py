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
from focus_core.coefficients import pole_radius, section_order, to_coefficients
from focus_core.config import ModelConfig
from focus_core.coupled import CoupledBank, PolesFromInput
from focus_core.ema import DampedEMA
from focus_core.filters import filter_bins
from focus_core.gains import to_filters
from focus_core.hypernetwork import HyperEmbedding, HyperNetwork, StaticLogits
from focus_core.short_conv import ShortConv


class FilterBank(nn.Module):
    """F all-pole filters a channel, a set for every bin: adaptive or static."""

    def __init__(self, model: ModelConfig) -> None:
        super().__init__()
        self.model = model
        self.section = section_order(model.parameterisation, model.order)
        self.logits = HyperNetwork(model) if model.filter == "adaptive" else StaticLogits(model)
        # its own, where the global convolution is in the layer; see ``connect``
        self.embedding: HyperEmbedding | None = None

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """x_f, (B, L, D) (Eq. 4-8)."""
        if self.embedding is not None:
            e_BNDO = self.embedding(x_BLD)
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
            section=self.section,
        )
        return y_BNRD.flatten(1, 2)[:, : x_BLD.shape[1]]

    def pole_radius(self, s_BNDFP: Tensor) -> Tensor:
        """The largest pole radius of each filter with these logits (of each section)."""
        a_BNDFP = to_coefficients(s_BNDFP, self.model.parameterisation)
        return pole_radius(torch.unflatten(a_BNDFP, -1, (-1, self.section)))


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
    "coupled": CoupledBank,
    "ema": DampedEMA,
    "none": NoFilter,
    "shortconv": ShortFilter,
}


class FocusMixer(nn.Module):
    """Chunked attention whose keys, values and gates see the filtered sequence (Eq. 9-14)."""

    def __init__(self, model: ModelConfig, max_length: int) -> None:  # noqa: ARG002
        super().__init__()
        D = model.width
        self.model = model
        self.chunk_length, self.sliding = model.chunk_length, model.sliding
        self.attend = sliding_attention if model.sliding else chunked_attention
        self.norm = nn.LayerNorm(D)
        filtered = model.filter != "none"
        self.taps = ShortConv(D, model.short_conv) if filtered and model.short_conv else None
        self.filter = FILTERS[model.filter](model)
        skips = model.filter_skip and model.filter in ("adaptive", "static", "coupled")
        self.skip_D = nn.Parameter(torch.empty(D)) if skips else None
        attends = model.attention != "none"
        if attends:
            Z, V = model.key_width or 0, model.value_width or 0
            self.query = nn.Linear(D, Z)
            self.key = nn.Linear(D, Z)
            self.value = nn.Linear(D, V)
            self.reset_gate = nn.Linear(D, V)  # W_gamma, b_gamma
        self.update_gate = nn.Linear(D, D)  # W_phi, b_phi
        self.candidate = nn.Linear(D, D)  # W_h, b_h
        self.from_attention = nn.Linear(V, D, bias=False) if attends else None  # U_h
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """o, (B, L, D)."""
        h_BLD = self.norm(x_BLD)
        read_BLD = {"input": h_BLD, "filtered": self._filtered(h_BLD, e_BNDO)}
        gates_BLD = read_BLD[self.model.gates_from]
        if self.from_attention is None:  # Eq. 10 with y = 0
            phi_BLD = torch.sigmoid(self.update_gate(gates_BLD))
            return torch.lerp(x_BLD, functional.silu(self.candidate(gates_BLD)), phi_BLD)
        q_BLZ, k_BLZ = self.query(h_BLD), self.key(read_BLD[self.model.key_from])
        v_BLV = functional.silu(self.value(read_BLD[self.model.value_from]))  # Mega's activation
        y_BLV = self.dropout(self.attend(q_BLZ, k_BLZ, v_BLV, self.chunk_length))  # Eq. 10
        gamma_BLV = functional.silu(self.reset_gate(gates_BLD))  # Eq. 11
        phi_BLD = torch.sigmoid(self.update_gate(gates_BLD))  # Eq. 12
        from_y_BLD = self.from_attention(gamma_BLV * y_BLV)
        z_BLD = functional.silu(self.candidate(gates_BLD) + from_y_BLD)  # Eq. 13
        return torch.lerp(x_BLD, z_BLD, phi_BLD)  # Eq. 14: phi z + (1 - phi) x

    def _filtered(self, h_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        if self.taps is not None:
            h_BLD = self.taps(h_BLD)
        xf_BLD: Tensor = self.filter(h_BLD, e_BNDO)
        return xf_BLD if self.skip_D is None else torch.addcmul(xf_BLD, h_BLD, self.skip_D)

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """The skip: N(0, 1), as Mega's omega."""
        return torch.randn(self.model.width, generator=generator)


def connect(mixers: list[nn.Module], model: ModelConfig, max_length: int) -> None:
    """What a layer's filters do not have to themselves: its own convolution, or one hypernetwork.

    Args:
        mixers: of all layers; those that are no Focus layer are left alone.
        model: resolved.
        max_length: taps of a global convolution.
    """
    banks = [mixer.filter for mixer in mixers if isinstance(mixer, FocusMixer)]
    adaptive = [
        bank
        for bank in banks
        if isinstance(getattr(bank, "logits", None), (HyperNetwork, PolesFromInput))
    ]
    for bank in adaptive:
        if isinstance(bank, FilterBank) and model.global_conv == "layer":
            bank.embedding = HyperEmbedding(model, max_length)
        if model.hyper_scope == "shared":
            bank.logits = adaptive[0].logits
