"""The sequence mixers, a folder for each kind.

A folder has the options and promises of its systems (``__init__.py``, without torch), the network
(``mixer.py``), the cost (``cost.py``), and other code of its own. ``registry`` lists all systems.
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
    """The class of a system's mixer; only this call imports its module, and thus torch."""
    found: type[Mixer] = _load(SYSTEMS[name].mixer)
    return found


def origin_of(name: str) -> Origin:
    """The origin of a system."""
    found: Origin = _load(SYSTEMS[name].origin)
    return found


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)
