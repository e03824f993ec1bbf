"""The model under study, its rivals, its tasks and the one training loop.

``FocusLayer``, ``MegaLayer``, ``S4Layer`` and a layer for every other system, and ``load`` for an
exported network, are imported at their first use: ``import focus_core`` alone imports no torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    """A layer by its name, such as ``FocusLayer``, or ``load``."""
    if name == "load":
        return import_module("focus_core.tools.exported").load
    if name.endswith("Layer"):
        found = import_module("focus_core.tools.layer_names").layer_class(name)
        if found is not None:
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
