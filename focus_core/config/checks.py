"""Is a value what its field declares? Configs come from command lines and databases."""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from typing import Any, Literal

from focus_core.config.fields import RANGE
from focus_core.config.words import WRONG, describe, parts, read_word
from focus_core.errors import UserError, require

MOST = {int: 10**9, float: 1e30}
"""Of every field: what databases, torch and its 32-bit numbers hold without overflowing."""
MOST_SHOWN = 60


def check_kinds(section: str, config: Any) -> None:
    """Raise a UserError for the first field of ``config`` whose value is of the wrong kind."""
    hints = _hints(type(config))
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        coerced = _of_kind(value, hints[field.name])
        key = f"{section}.{field.name}"
        if coerced is WRONG:
            raise UserError(f"{key} must be {describe(hints[field.name])}, not {_shown(value)}")
        check_size(key, coerced)
        if coerced is not value:
            object.__setattr__(config, field.name, coerced)


def check_ranges(section: str, config: Any) -> None:
    """Raise a UserError for the first field of ``config`` that is outside its range."""
    for field in dataclasses.fields(config):
        value, wanted = getattr(config, field.name), field.metadata.get(RANGE)
        inside = wanted is None or value is None or wanted.contains(value)
        require(
            inside, f"{section}.{field.name} must be {wanted and wanted.words}, not {_shown(value)}"
        )


def read_field(key: str, config: type[Any], word: str) -> Any:
    """The value that ``word`` says for the field of ``config`` that ``key`` names.

    Raises:
        UserError: it says none of the field's kind.
    """
    kind = _hints(config)[key.partition(".")[2]]
    value = read_word(word, kind)
    require(value is not WRONG, f"{key} must be {describe(kind)}, not {_shown(word)}")
    return value


_HINTS: dict[type[Any], dict[str, Any]] = {}  # read anew, most of what making a config would cost


def _hints(kind: type[Any]) -> dict[str, Any]:
    if kind not in _HINTS:
        _HINTS[kind] = typing.get_type_hints(kind)
    return _HINTS[kind]


def check_size(key: str, value: Any) -> None:
    """Raise a UserError when ``value`` is a number that is larger than ``MOST``."""
    most = MOST.get(type(value))
    if most is not None and abs(value) > most:
        raise UserError(f"{key} must be at most {most} in size, not {_shown(value)}")


def _shown(value: Any) -> str:
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
        return value  # an integer of hundreds of digits, which is refused for its size
    return number if math.isfinite(number) else WRONG
