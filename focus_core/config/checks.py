"""Is a value what its field declares? Configs come from command lines and databases."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Any, Literal

from focus_core.config.fields import RANGE
from focus_core.errors import UserError


def check_kinds(section: str, config: Any) -> None:
    """Raise a UserError for the first field of ``config`` whose value is of the wrong kind."""
    hints = _hints(type(config))
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        coerced = _of_kind(value, hints[field.name])
        if coerced is _WRONG:
            wanted = _describe(hints[field.name])
            raise UserError(f"{section}.{field.name} must be {wanted}, not {value!r}")
        if coerced is not value:
            object.__setattr__(config, field.name, coerced)


def check_ranges(section: str, config: Any) -> None:
    """Raise a UserError for the first field of ``config`` that is outside its range."""
    for field in dataclasses.fields(config):
        value, wanted = getattr(config, field.name), field.metadata.get(RANGE)
        inside = wanted is None or value is None or wanted.contains(value)
        require(inside, f"{section}.{field.name} must be {wanted and wanted.words}, not {value}")


def require(holds: bool, message: str) -> None:
    """Raise a UserError with ``message`` unless ``holds``."""
    if not holds:
        raise UserError(message)


_HINTS: dict[type[Any], dict[str, Any]] = {}  # read anew, most of what making a config would cost


def _hints(kind: type[Any]) -> dict[str, Any]:
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind)
    return _HINTS[kind]


_WRONG = object()
_KIND_NAMES = {bool: "true or false", int: "an integer", float: "a number", str: "a word"}


def _of_kind(value: Any, kind: Any) -> Any:
    """``value`` as ``kind`` (an int is accepted where a float is wanted), or ``_WRONG``."""
    if typing.get_origin(kind) is Literal:
        return value if value in typing.get_args(kind) and isinstance(value, str) else _WRONG
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        tried = [_of_kind(value, k) for k in typing.get_args(kind)]
        return next((t for t in tried if t is not _WRONG), _WRONG)
    if kind is types.NoneType:
        return value if value is None else _WRONG
    if kind is float and type(value) in (int, float):
        return float(value) if math.isfinite(value) else _WRONG
    return value if type(value) is kind else _WRONG


def _describe(kind: Any) -> str:
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(typing.get_args(kind))
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        return " or ".join(_describe(k) for k in typing.get_args(kind))
    return "none" if kind is types.NoneType else _KIND_NAMES[kind]
