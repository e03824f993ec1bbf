"""What may vary: one file is one question. A module here with a ``SPACE`` is a search space.

Nothing in this package imports torch: listing and planning sweeps must answer at once.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from search_spaces.space import Space

_NOT_SPACES = {"bases", "space", "soundness"}


def names() -> list[str]:
    """The spaces by name, in alphabetical order; imports none of them."""
    return sorted({module.name for module in pkgutil.iter_modules(__path__)} - _NOT_SPACES)


def load(name: str) -> Space:
    """The space of that name.

    Raises:
        ValueError: there is none; names the nearest.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the spaces are {', '.join(names())}"
        raise ValueError(f"unknown space {name!r}; {hint}")
    space: Space = importlib.import_module(f"{__name__}.{name}").SPACE
    return dataclasses.replace(space, name=name)
