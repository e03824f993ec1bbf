"""A short convolution in a mixer's place: a control of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from focus_core.systems.system import System

if TYPE_CHECKING:
    from focus_core.config import ModelConfig


def first_seen(model: ModelConfig, position: int) -> int:
    """Each layer reads as many tokens back as it has taps behind the first."""
    return max(0, position - model.layers * ((model.taps or 1) - 1))


SHORT_CONV = System(
    mixer="focus_core.systems.short_conv.mixer:ShortConvMixer",
    origin="focus_core.systems.short_conv.origin:SHORT_CONV",
    is_rival=False,
    reads=frozenset({"taps"}),
    first_seen=first_seen,
)
