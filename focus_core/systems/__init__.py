"""The sequence mixers: a folder each.

A folder has, without torch, its system's options and what they promise (``__init__.py``), the
network (``mixer.py``), what it costs (``cost.py``), and whatever else is its own. The list of all
is in ``registry``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from focus_core.systems.registry import SYSTEMS

if TYPE_CHECKING:
    from focus_core.layers.mixer import Mixer
    from focus_core.systems.origin import Origin

__all__ = ["SYSTEMS", "mixer_class", "origin_of"]


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
