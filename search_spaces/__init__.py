"""The search spaces. Each module with a ``SPACE`` is a search space and asks one question.

A person's own question is a file or a module anywhere else; see ``own``.

Nothing in this package imports torch: listing and planning sweeps must answer at once.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import os
import pkgutil
import re
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from focus_core.errors import UserError, require

if TYPE_CHECKING:
    from search_spaces.space import Space

MOST_COUNTED = 1_000_000
_NOT_SPACES = {"axes", "bases", "points", "space", "soundness", "variants"}
IMPORTED = "imported"
"""The ledger's name for sweeps of other tools: no space may have it."""
_NOT_SPACES |= {IMPORTED, "own", "vary", "written"}


def names() -> list[str]:
    """The names of the spaces, in alphabetical order; this call imports no space."""
    return sorted({module.name for module in pkgutil.iter_modules(__path__)} - _NOT_SPACES)


def load(word: str) -> Space:
    """Load a space.

    Args:
        word: a name of ``names``, the path of a file, or a dotted module.

    Raises:
        UserError: there is no such space (names the nearest), or its file cannot be used.
    """
    from search_spaces.own import attempt, import_own, is_file, is_own

    if is_own(word):
        module, digest = import_own(word)
        name = Path(word).stem if is_file(word) else word.rpartition(".")[2]
        return dataclasses.replace(_checked(module, word, name), word=word, sha256=digest)
    if word not in names():
        near = difflib.get_close_matches(word, names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the spaces are {', '.join(names())}"
        if os.path.isfile(f"{word}.py"):
            hint = f"a file is named with its ending: --space {word}.py"
        raise UserError(f"unknown space {word[:60]!r}; {hint}")
    place = f"search_spaces/{word}.py"
    module = attempt(place, "importing it", lambda: importlib.import_module(f"{__name__}.{word}"))
    return dataclasses.replace(_checked(module, place, word), word=word)


def _checked(module: ModuleType, place: str, name: str) -> Space:
    """The module's space, with its name.

    Raises:
        UserError: it has none, or the space cannot be used.
    """
    from focus_core.config import TrialConfig
    from search_spaces.own import attempt
    from search_spaces.space import VARIANT, Space

    space = getattr(module, "SPACE", None)
    if not isinstance(space, Space):
        raise UserError(
            f"{place} has no search space: end it with SPACE = Space(...), as "
            "search_spaces/order.py does"
        )
    require(
        re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name) is not None and name != IMPORTED,
        f"{place} cannot name a space: use 1 to 80 letters, digits, '_' or '-', not {IMPORTED!r}",
    )
    base = attempt(place, "calling SPACE.base()", space.base)
    if not isinstance(base, TrialConfig):
        raise UserError(
            f"{place}: SPACE.base() must return a TrialConfig, not a {type(base).__name__}"
        )
    for field, count in (("seeds", space.seeds), ("trials", space.trials or 1)):
        if not isinstance(count, int) or not 1 <= count <= MOST_COUNTED:
            raise UserError(f"{place}: {field} must be a number from 1 to {MOST_COUNTED}")
    if space.equal_size and VARIANT not in {axis.key for axis in space.axes}:
        raise UserError(f"{place}: equal_size needs an axis over {VARIANT}")
    if space.margin is not None and not space.margin > 0:
        raise UserError(f"{place}: margin must be a number above 0, or None")
    return dataclasses.replace(space, name=name)
