"""Whether a ``summary.json`` is what its types say, as every reader of one in a test asks."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

from analysis.page.summary_fields import DATA, Summary


def wrong(value: Any, hint: Any, place: str) -> Iterator[str]:
    """Each place where a value is not what its type says, or has other keys."""
    kind, within = typing.get_origin(hint), typing.get_args(hint)
    if kind in (typing.Union, types.UnionType):
        (present,) = set(within) - {types.NoneType}
        yield from [] if value is None else wrong(value, present, place)
    elif typing.is_typeddict(hint):
        hints = typing.get_type_hints(hint)
        yield from (f"{place}.{key}" for key in sorted(hints.keys() ^ value.keys()))
        for key in hints.keys() & value.keys():
            yield from wrong(value[key], hints[key], f"{place}.{key}")
    elif kind in (dict, list) and not isinstance(value, kind):
        yield place
    elif kind is dict:
        for key, each in value.items():
            yield from wrong(each, within[1], f"{place}.{key}")
    elif kind is list:
        for each in value:
            yield from wrong(each, within[0], f"{place}[]")
    elif kind is Literal:
        yield from [] if value in within else [place]
    elif hint is not Any and not _is_a(value, hint):
        yield place


def _is_a(value: Any, hint: Any) -> bool:
    """JSON has one kind of number, and a bool is none."""
    kinds = (int, float) if hint is float else hint
    return isinstance(value, kinds) and isinstance(value, bool) <= (hint is bool)


def wrong_of(written: Any) -> list[str]:
    """The places of a whole summary that are not as described; a section of a test has any data."""
    found = list(wrong(written, Summary, "summary"))
    for name, card in written["cards"].items():
        found += wrong(card["data"], DATA.get(name, Any), name)
    return sorted(found)
