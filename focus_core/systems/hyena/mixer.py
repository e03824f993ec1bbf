"""Hyena of order 2: gates around a convolution with implicit taps (Poli et al. 2023).

B batch, L length, D width, E features of a position, W width of the implicit network.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from focus_core.errors import UserError
from focus_core.layers.convolution import convolve
from focus_core.layers.mixer import Mixer
from focus_core.layers.short_conv import ShortConv
from focus_core.systems.hyena import HyenaConfig

START_STD = 0.02
"""Standard deviation of the filter network's initial weights.

Safari and zoology start every linear layer of a language model with this deviation. Without a
language model, the published operator starts like torch's layers, U(-1, 1) / sqrt(inputs): its
first filters are white noise under the window. No published number has that start.
"""
DECAYS = (math.log(100) / 0.3, math.log(100) / 1.5)
"""Fastest and slowest window: these fall to 1/100 after 0.3 and 1.5 of the longest sequence."""


class HyenaMixer(Mixer):
    """x + W (x1 . (h * (x2 . v))), where x1, x2 and v come from norm(x) by short convolutions."""

    def __init__(self, model: HyenaConfig, max_length: int) -> None:
        super().__init__()
        D = model.width
        self.norm = nn.LayerNorm(D)
        self.into = nn.Linear(D, 3 * D)
        self.short = ShortConv(3 * D, model.taps or 0)
        self.filter = ImplicitFilter(model, max_length)
        self.skip_D = nn.Parameter(torch.empty(D))
        self.out = nn.Linear(D, D)
        self.dropout = nn.Dropout(model.dropout)

    def forward(self, x_BLD: Tensor, e_BNDO: Tensor | None) -> Tensor:  # noqa: ARG002
        """(B, L, D) to (B, L, D).

        Raises:
            UserError: the sequence is longer than the filter.
        """
        first_BLD, second_BLD, v_BLD = self.short(self.into(self.norm(x_BLD))).chunk(3, dim=-1)
        v_BLD = second_BLD * v_BLD
        h_DL = self.filter(x_BLD.shape[1])
        y_BLD = convolve(v_BLD.transpose(1, 2), h_DL).transpose(1, 2).to(x_BLD.dtype)
        y_BLD = first_BLD * torch.addcmul(y_BLD, v_BLD, self.skip_D)
        out_BLD: Tensor = x_BLD + self.dropout(self.out(y_BLD))
        return out_BLD

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """The skip is N(0, 1)."""
        return torch.randn(self.skip_D.shape, generator=generator)


class ImplicitFilter(nn.Module):
    """h[t] = window(t) MLP(features(t)): sine activations, a window for every channel."""

    def __init__(self, model: HyenaConfig, max_length: int) -> None:
        super().__init__()
        E, W = model.implicit_features, model.implicit_width
        self.max_length, self.features = max_length, E
        self.frequency = model.implicit_frequency
        self.layers = nn.ModuleList([FilterLinear(E, W), FilterLinear(W, W), FilterLinear(W, W)])
        self.out = FilterLinear(W, model.width, bias=False)
        self.frequency_W: Tensor
        self.features_LE: Tensor | None
        if model.implicit_frequency_trained:
            self.frequency_W = nn.Parameter(torch.empty(W))
        else:
            self.register_buffer("frequency_W", torch.full((W,), self.frequency))
        trained = (
            nn.Parameter(torch.empty(max_length, E)) if model.implicit_features_trained else None
        )
        self.register_parameter("features_LE", trained)

    def forward(self, length: int) -> Tensor:
        """The taps h_DL.

        Raises:
            UserError: there are more taps than positions that the network has.
        """
        if length > self.max_length:
            raise UserError(
                f"a sequence of {length} tokens is longer than Hyena's filter: build the model "
                f"with max_length={length} or more, not {self.max_length}"
            )
        time_L = self._time(length)
        known_LE = self.features_LE
        h_LW = self._features(time_L) if known_LE is None else known_LE[:length]
        for layer in self.layers:
            h_LW = torch.sin(self.frequency_W * layer(h_LW))
        window_LD = torch.exp(-time_L[:, None] * self._decays())
        h_DL: Tensor = (self.out(h_LW) * window_LD).T
        return h_DL

    def _time(self, length: int) -> Tensor:
        """0 at the first tap, 1 at the last of the longest sequence."""
        steps_L = torch.arange(length, device=self.out.weight.device, dtype=self.out.weight.dtype)
        return steps_L / max(1, self.max_length - 1)

    def _features(self, time_L: Tensor) -> Tensor:
        """The time, then the cosines, then the negative sines of the frequencies, (L, E)."""
        bands = (self.features - 1) // 2
        wave = torch.linspace(1e-4, bands - 1, bands, device=time_L.device, dtype=time_L.dtype)
        last = (self.max_length - 1) / self.max_length  # the last tap is not a full turn
        angle = 2 * math.pi * last * time_L[:, None] * wave
        return torch.cat((time_L[:, None], angle.cos(), -angle.sin()), dim=-1)

    def _decays(self) -> Tensor:
        """The decay rates of the channels' windows, (D,)."""
        weight = self.out.weight
        return torch.linspace(
            DECAYS[1], DECAYS[0], len(weight), device=weight.device, dtype=weight.dtype
        )

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:  # noqa: ARG002
        """All units start at one frequency; trained features start as the fixed features."""
        if name == "frequency_W":
            return torch.full(self.frequency_W.shape, self.frequency)
        return self._features(self._time(self.max_length))


class FilterLinear(nn.Linear):
    """A linear layer of the filter network, with the start of the published language models."""

    decays = False

    def initial_value(self, name: str, generator: torch.Generator) -> Tensor:
        """Weights N(0, 0.02^2), biases 0: the first filters are short and smooth."""
        value = torch.randn(getattr(self, name).shape, generator=generator)
        return START_STD * value if name == "weight" else torch.zeros_like(value)
