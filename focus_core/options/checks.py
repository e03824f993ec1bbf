"""Checks values against their options, since configs come from command lines and databases."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Any, Literal

from focus_core.errors import UserError, require
from focus_core.options.fields import RANGE
from focus_core.options.words import WRONG, describe, parts, read_word

MOST = {int: 10**9, float: 1e30}
"""Largest size of an option's value: databases, torch and 32-bit numbers hold it."""
MOST_SHOWN = 60


def check_options(section: str, config: Any) -> None:
    """Raise a UserError for the first option of ``config`` of a wrong kind or out of range."""
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        coerced = of_kind(f"{section}.{field.name}", type(config), value)
        if coerced is not value:
            object.__setattr__(config, field.name, coerced)
    for field in dataclasses.fields(config):
        check_range(f"{section}.{field.name}", field, getattr(config, field.name))


def of_kind(key: str, config: type[Any], value: Any) -> Any:
    """Convert ``value`` to the kind of the option that ``key`` names: 1 becomes 1.0 for a float.

    Raises:
        UserError: the value is of another kind, or too large.
    """
    kind = _hints(config)[key.partition(".")[2]]
    coerced = _of_kind(value, kind)
    if coerced is WRONG:
        raise UserError(f"{key} must be {describe(kind)}, not {shown(value)}")
    check_size(key, coerced)
    return coerced


def check_range(key: str, field: dataclasses.Field[Any], value: Any) -> None:
    """Raise a UserError when ``value`` is outside the range of ``field``."""
    wanted = field.metadata.get(RANGE)
    if wanted is not None and value is not None and not wanted.contains(value):
        raise UserError(f"{key} must be {wanted.words}, not {shown(value)}")


def read_field(key: str, config: type[Any], word: str) -> Any:
    """Read ``word`` as a value of the option of ``config`` that ``key`` names.

    Raises:
        UserError: the word is no value of the option's kind.
    """
    kind = _hints(config)[key.partition(".")[2]]
    value = read_word(word, kind)
    require(value is not WRONG, f"{key} must be {describe(kind)}, not {shown(word)}")
    return value


_HINTS: dict[type[Any], dict[str, Any]] = {}  # a cache: reading hints is most of a config's cost


def _hints(kind: type[Any]) -> dict[str, Any]:
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind)
    return _HINTS[kind]


def check_size(key: str, value: Any) -> None:
    """Raise a UserError when ``value`` is a number whose size is above ``MOST``."""
    most = MOST.get(type(value))
    if most is not None and abs(value) > most:
        raise UserError(f"{key} must be at most {most} in size, not {shown(value)}")


def shown(value: Any) -> str:
    """A short text of ``value`` for a message."""
    if isinstance(value, int) and abs(value) > 10**MOST_SHOWN:
        return f"a number of more than {MOST_SHOWN} digits"
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."


def _of_kind(value: Any, kind: Any) -> Any:
    """``value`` as ``kind`` (an int is accepted where a float is wanted), or ``WRONG``."""
    if len(parts(kind)) > 1:
        tried = [_of_kind(value, k) for k in parts(kind)]
        return next((t for t in tried if t is not WRONG), WRONG)
    if typing.get_origin(kind) is Literal:
        return value if isinstance(value, str) and value in typing.get_args(kind) else WRONG
    if kind is types.NoneType:
        return value if value is None else WRONG
    if kind is float and type(value) in (int, float):
        return _as_float(value)
    return value if type(value) is kind else WRONG


def _as_float(value: float) -> Any:
    try:
        number = float(value)
    except OverflowError:
        return value  # an integer of hundreds of digits, which ``check_size`` refuses
    return number if math.isfinite(number) else WRONG
