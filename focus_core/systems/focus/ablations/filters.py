"""Ablations of the filters: other parameterisations, gains and realisations, and controls.

Each class maps the sequence to x_f, at once or token by token. B batch, L length, D width, N bins,
R bin length, O pooling windows, F filters, P order, S order of a section.
"""

from __future__ import annotations

from collections.abc import Callable

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


class AblatedBank(FilterBank):
    """F all-pole filters per channel of any kind, with one set per bin: adaptive or static."""

    def __init__(self, model: FocusConfig) -> None:
        adaptive = model.filter == "adaptive"
        super().__init__(model, AblatedHyperNetwork(model) if adaptive else StaticLogits(model))
        self.section = section_order(model.parameterisation, model.order)
        self.carry = model.carry
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
            *self.to_filters(s_BNDFP),
            realisation=self.model.realisation,
            nfft=self.model.nfft,
            carry=self.carry,
            section=self.section,
        )

    def to_filters(self, s_BNDFP: Tensor) -> tuple[Tensor, Tensor | None]:
        """Coefficients and gains."""
        model = self.model
        return to_filters(s_BNDFP, parameterisation=model.parameterisation, gain=model.gain)


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
