"""The sequence mixers by name: a folder each, and one line here.

A folder says without torch what its system reads and promises (``__init__.py``), and has the
network (``mixer.py``), what it costs (``cost.py``), and whatever else is its own.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from focus_core.systems.focus import FOCUS
from focus_core.systems.hyena import HYENA
from focus_core.systems.mega import MEGA
from focus_core.systems.short_conv import SHORT_CONV
from focus_core.systems.state_space import S4, S4D
from focus_core.systems.system import System
from focus_core.systems.transformer import FLASH, GPT2, TRANSFORMER
from focus_core.systems.transformer_xl import TRANSFORMER_XL

if TYPE_CHECKING:
    from focus_core.layers.mixer import Mixer
    from focus_core.systems.origin import Origin

SYSTEMS: dict[str, System] = {
    "focus": FOCUS,
    "attention": FLASH,
    "transformer": TRANSFORMER,
    "transformer_xl": TRANSFORMER_XL,
    "gpt2": GPT2,
    "mega": MEGA,
    "s4": S4,
    "s4d": S4D,
    "hyena": HYENA,
    "shortconv": SHORT_CONV,
}
"""By ``model.mixer``."""


def mixer_class(name: str) -> type[Mixer]:
    """The class of a system's mixer; its module, and with it torch, is imported only here."""
    found: type[Mixer] = _load(SYSTEMS[name].mixer)
    return found


def origin_of(name: str) -> Origin:
    """Whose a system is."""
    found: Origin = _load(SYSTEMS[name].origin)
    return found


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
