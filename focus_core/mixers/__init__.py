"""The sequence mixers by name. Each maps the residual stream to the residual stream.

Contract: built from the resolved config and the longest sequence in tokens; then
``mixer(x_BLD, e_BNDO) -> x_BLD``, norm and residual inside; e_BNDO is what hypernetworks read, None
for a network without them. Any length up to the longest: padding is at the end, and cut off. What
stands around a mixer is in ``config/frames.py``.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from focus_core.config import ModelConfig
from focus_core.mixers.attention import AttentionMixer, GPT2Mixer, TransformerMixer
from focus_core.mixers.focus import FocusMixer
from focus_core.mixers.hyena import HyenaMixer
from focus_core.mixers.mega import MegaMixer
from focus_core.mixers.short_conv import ShortConvMixer
from focus_core.mixers.state_space import S4DMixer, S4Mixer
from focus_core.mixers.transformer_xl import TransformerXLMixer

MIXERS: dict[str, Callable[[ModelConfig, int], nn.Module]] = {
    "focus": FocusMixer,
    "attention": AttentionMixer,
    "transformer": TransformerMixer,
    "transformer_xl": TransformerXLMixer,
    "gpt2": GPT2Mixer,
    "mega": MegaMixer,
    "s4": S4Mixer,
    "s4d": S4DMixer,
    "hyena": HyenaMixer,
    "shortconv": ShortConvMixer,
}
