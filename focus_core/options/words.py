"""Reads words of a command line as their options declare: ``none`` is a word, or None."""

from __future__ import annotations

import re
import types
import typing
from typing import Any, Literal

WRONG = object()
"""The result for a word or a value that is not of the expected kind."""
NOTHING = ("none", "null")
TRUTH = {"true": True, "1": True, "false": False, "0": False}
# Python also reads inf and nan, blanks around a number, and the digits of every script.
_PLAIN_NUMBER = re.compile(r"[+-]?[\d_.]+(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_NAMES = {bool: "true or false", int: "an integer", float: "a number", str: "a word"}


def read_word(word: str, kind: Any) -> Any:
    """Read ``word`` as a value of ``kind``, or return ``WRONG``.

    A word that a ``Literal`` lists is that word, even ``none``. If the option may also be None,
    ``null`` means None. A truth value is true, false, 1 or 0. A number is written as in Python.
    """
    tried = (read(word, k) for read in (_listed, _nothing, _plain) for k in parts(kind))
    return next((value for value in tried if value is not WRONG), WRONG)


def parts(kind: Any) -> tuple[Any, ...]:
    """The kinds that a union allows; for any other kind, that kind alone."""
    is_union = typing.get_origin(kind) in (types.UnionType, typing.Union)
    return typing.get_args(kind) if is_union else (kind,)


def describe(kind: Any) -> str:
    """Describe ``kind`` in words."""
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(typing.get_args(kind))
    if len(parts(kind)) > 1:
        return " or ".join(describe(k) for k in parts(kind))
    return "none" if kind is types.NoneType else _NAMES[kind]


def _listed(word: str, kind: Any) -> Any:
    is_listed = typing.get_origin(kind) is Literal and word in typing.get_args(kind)
    return word if is_listed else WRONG


def _nothing(word: str, kind: Any) -> Any:
    return None if kind is types.NoneType and word.lower() in NOTHING else WRONG


def _plain(word: str, kind: Any) -> Any:
    if kind is str:
        return word
    if kind is bool:
        return TRUTH.get(word.lower(), WRONG)
    if kind not in (int, float) or not _PLAIN_NUMBER.fullmatch(word):
        return WRONG
    try:
        return kind(word)
    except ValueError:  # 1.5 for an integer, 1__0, or more digits than Python reads
        return WRONG
