"""The sequence mixers by name: a folder for each kind, and one line here for each system."""

from __future__ import annotations

from focus_core.systems.focus import FOCUS
from focus_core.systems.hyena import HYENA
from focus_core.systems.mega import MEGA
from focus_core.systems.short_conv import SHORT_CONV
from focus_core.systems.state_space import S4, S4D
from focus_core.systems.system import System
from focus_core.systems.transformer import FLASH, GPT2, TRANSFORMER
from focus_core.systems.transformer_xl import TRANSFORMER_XL

SYSTEMS: dict[str, System] = {
    "focus": FOCUS,
    "flash_transformer": FLASH,
    "transformer": TRANSFORMER,
    "transformer_xl": TRANSFORMER_XL,
    "gpt2": GPT2,
    "mega": MEGA,
    "s4": S4,
    "s4d": S4D,
    "hyena": HYENA,
    "short_conv": SHORT_CONV,
}
"""By ``model.mixer``."""
