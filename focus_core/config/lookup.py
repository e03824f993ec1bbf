"""What a canonical config says of one field, also where it says it by leaving the field out."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Mapping

from focus_core.config import SECTIONS, Scalar, from_flat
from focus_core.config.fields import LATER, WHEN


def look_up(canonical: Mapping[str, Scalar], key: str) -> Scalar:
    """The value of the field called ``key``.

    Args:
        canonical: a trial's config as the ledger has it. A field that came after release is left
            out while it has its default; a field without effect is always left out.
        key: dotted, of a field that there is.

    Raises:
        KeyError: the field has no effect on this trial.
    """
    if key in canonical:
        return canonical[key]
    section, _, name = key.partition(".")
    field = next(f for f in dataclasses.fields(SECTIONS[section]) if f.name == name)
    when = field.metadata.get(WHEN)
    if not field.metadata.get(LATER):
        raise KeyError(key)
    if when is not None and not when(from_flat(canonical).resolved()):
        raise KeyError(key)
    return typing.cast("Scalar", field.default)
