"""A short convolution in the place of a mixer: a control of this project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from focus_core.options.fields import POSITIVE, one_of, option
from focus_core.options.model import ModelConfig
from focus_core.systems.system import System


@dataclass(frozen=True, kw_only=True)
class ShortConvConfig(ModelConfig):
    """The only option of its own is ``taps``, the number of tokens that a layer reads."""

    mixer: str = option("short_conv", one_of(["short_conv"]))
    """short_conv: the control without long memory."""
    taps: int | None = option(None, POSITIVE)
    """The tokens that a layer reads; none: by the frame."""

    def first_seen(self, position: int) -> int:
        """Each layer reads ``taps`` - 1 tokens further back."""
        return max(0, position - self.layers * ((self.taps or 1) - 1))

    def _filled(self, length: int | None) -> dict[str, Any]:
        return super()._filled(length) | {"taps": self.taps or self.frame.taps}


SHORT_CONV = System(
    config=ShortConvConfig,
    mixer="focus_core.systems.short_conv.mixer:ShortConvMixer",
    origin="focus_core.systems.short_conv.origin:SHORT_CONV",
    is_rival=False,
)
