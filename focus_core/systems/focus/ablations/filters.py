"""Ablations of the filters: other parameterisations, gains and realisations, and controls.

Each class maps the sequence to x_f, at once or token by token. B batch, L length, D width, N bins,
R bin length, O pooling windows, F filters, P order, S order of a section.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from focus_core.layers.ema import DampedEMA
from focus_core.layers.short_conv import ShortConv
from focus_core.systems.focus.ablations.coefficients import section_order
from focus_core.systems.focus.ablations.gains import to_filters
from focus_core.systems.focus.ablations.hypernetwork import AblatedHyperNetwork
from focus_core.systems.focus.ablations.realisations import filter_bins
from focus_core.systems.focus.ablations.static_logits import StaticLogits
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.filters import FilterBank
from focus_core.systems.focus.hypernetwork import HyperEmbedding
from focus_core.systems.focus.token_wise.coupled import CoupledBank


class BankState(NamedTuple):
    """A decoder's position in the bin, the past outputs of every filter, and the bin's filters."""

    position: int
    past_BDFP: Tensor  # noqa: N815
    a_BDFP: Tensor  # noqa: N815
    gain_BDF: Tensor  # noqa: N815


class AblatedBank(FilterBank):
    """F all-pole filters per channel of any kind, with one set per bin: adaptive or static."""

    def __init__(self, model: FocusConfig) -> None:
        adaptive = model.filter == "adaptive"
        super().__init__(model, AblatedHyperNetwork(model) if adaptive else StaticLogits(model))
        self.section = section_order(model.parameterisation, model.order)
        # set if the layer has its own global convolution; see ``AblatedMixer.join``
        self.embedding: HyperEmbedding | None = None

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:
        """x_f, (B, L, D)."""
        if self.embedding is not None:
            e_BNDO = self.embedding(x_BLD)
        return super().forward(x_BLD, e_BNDO)

    def filtered_bins(self, x_BNRD: Tensor, s_BNDFP: Tensor) -> Tensor:
        """The bins after their filters, (B, N, R, D)."""
        return filter_bins(
            x_BNRD,
            *self._filters(s_BNDFP),
            realisation=self.model.realisation,
            nfft=self.model.nfft,
            carry=self.model.carry,
            section=self.section,
        )

    def _filters(self, s_BNDFP: Tensor) -> tuple[Tensor, Tensor | None]:
        """Coefficients and gains."""
        model = self.model
        return to_filters(s_BNDFP, parameterisation=model.parameterisation, gain=model.gain)

    def initial_state(self, batch: int) -> BankState:
        """The state before the first bin: past outputs and filters are 0."""
        D, F, P = self.model.width, self.model.filters, self.model.order
        parameter = next(self.parameters())
        past_BDFP = parameter.new_zeros(batch, D, F, P)
        return BankState(0, past_BDFP, past_BDFP, parameter.new_zeros(batch, D, F))

    def step(
        self, x_BD: Tensor, e_BNDO: Tensor | None, state: BankState
    ) -> tuple[Tensor, BankState]:
        """x_f of the next token, (B, D), and the new state.

        Args:
            x_BD: the token.
            e_BNDO: what the hypernetwork reads for the filters of this token's bin (N = 1), or
                empty (N = 0) for the first bins, which have no bin to read.
            state: the present bin's filters, and the past P outputs of each filter.
        """
        if state.position == 0:
            a_BNDFP, gain_BNDF = self._filters(self.logits(e_BNDO, 1).to(x_BD.dtype))
            like_BDF = state.gain_BDF
            gain_BDF = torch.ones_like(like_BDF) if gain_BNDF is None else gain_BNDF[:, 0]
            a_BDFP = a_BNDFP[:, 0].expand_as(state.a_BDFP)
            past = state.past_BDFP if self.model.carry else torch.zeros_like(state.past_BDFP)
            state = BankState(0, past, a_BDFP, gain_BDF.expand_as(like_BDF))
        y_BDF, kept = state.gain_BDF * x_BD[..., None], []
        sections = (torch.split(t, self.section, dim=-1) for t in (state.a_BDFP, state.past_BDFP))
        for a_BDFS, past_BDFS in zip(*sections, strict=True):
            y_BDF = y_BDF - (a_BDFS * past_BDFS).sum(dim=-1)
            kept.append(torch.cat((y_BDF[..., None], past_BDFS[..., :-1]), dim=-1))
        position = (state.position + 1) % self.model.bin_length
        return y_BDF.sum(dim=-1), state._replace(position=position, past_BDFP=torch.cat(kept, -1))


class NoFilter(nn.Module):
    """No filter: x_f = x."""

    def __init__(self, model: FocusConfig) -> None:  # noqa: ARG002
        super().__init__()

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """The input itself."""
        return x_BLD

    def initial_state(self, batch: int) -> tuple[()]:  # noqa: ARG002
        """The empty state."""
        return ()

    def step(
        self,
        x_BD: Tensor,
        e_BNDO: Tensor | None,  # noqa: ARG002
        state: tuple[()],
    ) -> tuple[Tensor, tuple[()]]:
        """The input itself."""
        return x_BD, state


class ShortFilter(nn.Module):
    """A control: x_f is a short convolution of the input."""

    def __init__(self, model: FocusConfig) -> None:
        super().__init__()
        self.conv = ShortConv(model.width, model.taps or 0)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """x_f, (B, L, D)."""
        y_BLD: Tensor = self.conv(x_BLD)
        return y_BLD

    def initial_state(self, batch: int) -> Tensor:
        """The state before the first token."""
        return self.conv.initial_state(batch)

    def step(
        self,
        x_BD: Tensor,
        e_BNDO: Tensor | None,  # noqa: ARG002
        state: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """x_f of the next token, (B, D), and the new state."""
        return self.conv.step(x_BD, state)


FILTERS: dict[str, Callable[[FocusConfig], nn.Module]] = {
    "adaptive": AblatedBank,
    "static": AblatedBank,
    "coupled": CoupledBank,
    "ema": lambda model: DampedEMA(model.width, model.ema_size),
    "none": NoFilter,
    "short_conv": ShortFilter,
}
