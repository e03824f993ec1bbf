"""Turns the ledger into numbers, figures and pages; imports neither ray nor mlflow.

``load`` gives a sweep's numbers as pandas frames, ``load_look`` gives a trained trial's filters and
speed, and ``figures`` draws both.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.from_python import figures
    from analysis.from_python.loading import Loaded, load
    from analysis.from_python.looking import Look, load_look

__all__ = ["Loaded", "Look", "figures", "load", "load_look"]
_HOLDERS = {"Loaded": "loading", "Look": "looking", "load": "loading", "load_look": "looking"}
"""The file of each class and function."""

# ``python analysis/report.py`` puts this folder first on the path. The folder's ``statistics``
# would then hide Python's own module, so the folder is removed from the path.
_HERE = Path(__file__).resolve().parent
sys.path[:] = [place for place in sys.path if not place or Path(place).resolve() != _HERE]


def __getattr__(name: str) -> Any:
    """Import these only for a program that asks for them: commands import this package too."""
    if name == "figures":
        return import_module("analysis.from_python.figures")
    if name in _HOLDERS:
        return getattr(import_module(f"analysis.from_python.{_HOLDERS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
