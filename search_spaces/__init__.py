"""The search spaces. Each module with a ``SPACE`` is a search space and asks one question.

Nothing in this package imports torch: listing and planning sweeps must answer at once.
"""

from __future__ import annotations

import dataclasses
import difflib
import importlib
import pkgutil
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from focus_core.errors import UserError

if TYPE_CHECKING:
    from search_spaces.space import Space

MOST_COUNTED = 1_000_000
_NOT_SPACES = {"axes", "bases", "points", "space", "soundness", "variants"}
_NOT_SPACES |= {"imported"}  # the ledger's name for sweeps of other tools


def names() -> list[str]:
    """The names of the spaces, in alphabetical order; this call imports no space."""
    return sorted({module.name for module in pkgutil.iter_modules(__path__)} - _NOT_SPACES)


def load(name: str) -> Space:
    """Load the space ``name``.

    Raises:
        UserError: there is no such space (names the nearest), or its file cannot be used.
    """
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the spaces are {', '.join(names())}"
        raise UserError(f"unknown space {name[:60]!r}; {hint}")
    from focus_core.config import TrialConfig
    from search_spaces.space import VARIANT, Space

    module = _attempt(name, "importing it", lambda: importlib.import_module(f"{__name__}.{name}"))
    space = getattr(module, "SPACE", None)
    if not isinstance(space, Space):
        raise UserError(
            f"search_spaces/{name}.py has no search space: end it with SPACE = Space(...), as "
            "search_spaces/order.py does"
        )
    base = _attempt(name, "calling SPACE.base()", space.base)
    if not isinstance(base, TrialConfig):
        raise UserError(
            f"search_spaces/{name}.py: SPACE.base() must return a TrialConfig, not a "
            f"{type(base).__name__}"
        )
    for field, count in (("seeds", space.seeds), ("trials", space.trials or 1)):
        if not isinstance(count, int) or not 1 <= count <= MOST_COUNTED:
            raise UserError(
                f"search_spaces/{name}.py: {field} must be a number from 1 to {MOST_COUNTED}"
            )
    if space.equal_size and VARIANT not in {axis.key for axis in space.axes}:
        raise UserError(f"search_spaces/{name}.py: equal_size needs an axis over {VARIANT}")
    if space.margin is not None and not space.margin > 0:
        raise UserError(f"search_spaces/{name}.py: margin must be a number above 0, or None")
    return dataclasses.replace(space, name=name)


def _attempt(name: str, doing: str, action: Callable[[], Any]) -> Any:
    """Run ``action`` and report any error in one line, since a user may still edit the space."""
    try:
        return action()
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        if isinstance(error, SyntaxError):
            place = f"line {error.lineno}"
        else:
            place = f"{Path(where.filename).name}, line {where.lineno}"
        raise UserError(
            f"search_spaces/{name}.py cannot be used: {doing} raised {type(error).__name__}: "
            f"{error} ({place}); mend the file, or name another space"
        ) from error
