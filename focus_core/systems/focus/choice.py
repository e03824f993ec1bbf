"""The one place where the Focus layer meets its ablations: a config has the layer, or one of them.

The layer is ``FocusMixer``. Any option of ``ABLATED`` that is not at its default takes
``AblatedMixer`` instead, whose parts extend those of the layer.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from focus_core.layers.mixer import Mixer
from focus_core.systems.focus.ablations.mixer import AblatedMixer
from focus_core.systems.focus.config import FocusConfig
from focus_core.systems.focus.mixer import FocusMixer

ABLATED = (
    *("pooling", "global_conv", "hyper_activation", "hyper_scope", "theta_init", "first_bin"),
    *("filter", "parameterisation", "gain", "realisation", "carry", "short_conv", "filter_skip"),
    *("key_from", "value_from", "gates_from", "attention", "sliding"),
)
"""The options that the layer's own files do not read."""


def chosen(model: FocusConfig) -> type[FocusMixer]:
    """The class of the mixers of a resolved config."""
    leaks = model.theta_shift == 0  # the layer computes no filter from its own bin
    ablates = any(getattr(model, name) != getattr(FocusConfig, name) for name in ABLATED)
    return AblatedMixer if ablates or leaks else FocusMixer


class ChosenMixer(Mixer):
    """The registered mixer: making one makes a mixer of the chosen class."""

    def __new__(cls, model: FocusConfig, max_length: int) -> FocusMixer:  # type: ignore[misc]
        """A mixer of the chosen class."""
        return chosen(model)(model, max_length)

    @staticmethod
    def read_before(model: FocusConfig, max_length: int) -> nn.Module | None:
        """What ``read_before`` of the chosen class returns."""
        return chosen(model).read_before(model, max_length)

    @staticmethod
    def join(mixers: Sequence[Mixer], model: FocusConfig, max_length: int) -> None:
        """What ``join`` of the chosen class does."""
        chosen(model).join(mixers, model, max_length)
