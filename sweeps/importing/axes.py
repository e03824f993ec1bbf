"""What varied in an imported sweep: as its source says, otherwise inferred from the values."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

from focus_core.config import Scalar

FEW = 10
"""Up to this many different numbers are choices if each is used twice or more on average; otherwise
they are a range."""
LOG = 30.0
"""A range of positive numbers whose ends differ by at least this factor is logarithmic."""

Config = Mapping[str, Scalar]


def axes(
    configs: Sequence[Config], said: Mapping[str, dict[str, Any]], tuned: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """Every parameter that varies or that some trials lack, described as by ``Axis.describe``.

    Args:
        configs: the configs of the trials.
        said: the source's descriptions of parameters, by name; there may be none.
        tuned: the parameters that every arm tuned for itself.
    """
    names = dict.fromkeys(name for config in configs for name in config)
    found = []
    for name in names:
        values = [config[name] for config in configs if name in config]
        if len(_different(values)) < 2 and len(values) == len(configs):
            continue
        about = said.get(name) or {"key": name, **_inferred(values)}
        found.append(about | ({"tuned": True} if name in tuned else {}))
    return found


def constants(configs: Sequence[Config]) -> dict[str, Scalar]:
    """The parameters that have the same value in all trials."""
    first, *others = configs
    return {
        name: value
        for name, value in first.items()
        if all(_same(value, other[name]) if name in other else False for other in others)
    }


def is_grid(configs: Sequence[Config], found: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the trials are every combination of the axes' choices, each once."""
    if not found or any(axis["kind"] != "categorical" for axis in found):
        return False
    keys = [str(axis["key"]) for axis in found]
    have = {tuple(map(_kind, (config.get(key) for key in keys))) for config in configs}
    wanted = itertools.product(*(map(_kind, axis["choices"]) for axis in found))
    size = math.prod(len(axis["choices"]) for axis in found)
    return size == len(configs) == len(have) and have == set(wanted)


def _inferred(values: Sequence[Scalar]) -> dict[str, Any]:
    different = _different(values)
    numbers = [v for v in different if isinstance(v, int | float) and not isinstance(v, bool)]
    several = len(values) >= 2 * len(different)
    if len(numbers) < len(different):
        return {"kind": "categorical", "choices": different}
    numbers.sort()
    if len(numbers) < 2 or (len(numbers) <= FEW and several):
        return {"kind": "categorical", "choices": numbers}
    low, high = numbers[0], numbers[-1]
    whole = all(isinstance(number, int) for number in numbers)
    ends: list[int | float] = [low, high] if whole else [float(low), float(high)]
    is_log = low > 0 and high / low >= LOG
    return {"kind": "int" if whole else "float", "low": ends[0], "high": ends[1], "log": is_log}


def _different(values: Sequence[Scalar]) -> list[Scalar]:
    found: dict[tuple[bool, Scalar], Scalar] = {}
    for value in values:
        found.setdefault(_kind(value), value)
    return list(found.values())


def _kind(value: Scalar) -> tuple[bool, Scalar]:
    """A key that tells True from 1, which Python calls equal."""
    return isinstance(value, bool), value


def _same(one: Scalar, other: Scalar) -> bool:
    return _kind(one) == _kind(other)
