"""What a caller names, such as an axis or an arm, is found or refused with a hint."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

from focus_core.errors import UserError

Item = TypeVar("Item")


def named(
    kind: str, name: str, known: Mapping[str, Item], others: Mapping[str, Item], why: str
) -> Item:
    """The item with this name.

    Args:
        kind: what it is, in an error.
        name: as the caller wrote it.
        known: the items by the names that an error lists.
        others: the items by their other names.
        why: why there is no item, in an error.

    Raises:
        UserError: there is no such item.
    """
    if name in known or name in others:
        return known[name] if name in known else others[name]
    if not known:
        raise UserError(why)
    near = difflib.get_close_matches(name, [*known, *others], n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(known)}"
    raise UserError(f"no {kind} called {name!r} is drawn; {hint}")
