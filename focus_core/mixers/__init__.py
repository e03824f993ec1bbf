"""The sequence mixers by name. Each maps the residual stream to the residual stream.

Contract: ``mixer(x_BLD, e_BNDO) -> x_BLD``, norm and residual inside; e_BNDO is what hypernetworks
read, None for a network without them. Any length: padding is at the end, and cut off.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from focus_core.config import ModelConfig
from focus_core.mixers.attention import AttentionMixer
from focus_core.mixers.focus import FocusMixer

MIXERS: dict[str, Callable[[ModelConfig], nn.Module]] = {
    "focus": FocusMixer,
    "attention": AttentionMixer,
}
