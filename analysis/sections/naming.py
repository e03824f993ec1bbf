"""Names of arms in a sentence: all arms at a level of an axis are named by the level."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from analysis.reading.arms import VARIANT, Arm, short

MOST_NAMED = 4


def name_arms(
    members: Sequence[Arm], everyone: Sequence[Arm], axes: Sequence[Mapping[str, Any]]
) -> str:
    """Names such as ``bin_length 64``, ``ema and gpt2``, ``a, b, c, d and 9 others``.

    A level is named only if every arm of the sweep at this level is a member, because a sentence
    about a level is a claim about all arms at the level.

    Args:
        members: the arms to name, in the order of naming.
        everyone: all arms, in any state.
        axes: the sweep's axes.
    """
    key, levels = _levels(members, everyone, axes)
    if not levels:
        return listed([arm.name for arm in members])
    named = f"{short(key)} {listed(list(levels))}"
    covered = {arm.number for level in levels.values() for arm in level}
    left = [arm.name for arm in members if arm.number not in covered]
    return f"{named} and {listed(left)}" if left else named


def by_settings(arm: Arm) -> list[tuple[float, str]]:
    """The sort key of an arm by its settings: numbers by size, before words."""
    return [_size(str(value)) for value in arm.point.values()]


def _size(level: str) -> tuple[float, str]:
    try:
        return float(level), ""
    except ValueError:
        return math.inf, level


def are_many(words: str) -> bool:
    """Whether the words of ``name_arms`` are plural, so that "are" follows."""
    return " and " in words


def listed(names: Sequence[str]) -> str:
    """Names in a sentence: ``a and b``, ``a, b, c, d and 9 others``, ``trials 3, 5 and 8``."""
    if len(names) > 1 and all(re.fullmatch(r"trial \d+", name) for name in names):
        return f"trials {listed([name.removeprefix('trial ') for name in names])}"
    if len(names) > MOST_NAMED + 1:
        names = [*names[:MOST_NAMED], f"{len(names) - MOST_NAMED} others"]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def main_axis(everyone: Sequence[Arm], axes: Sequence[Mapping[str, Any]]) -> str | None:
    """The first axis with several levels and at least two arms at each level; None if none."""
    for axis in axes:
        at = _by_level(str(axis["key"]), everyone)
        if len(at) > 1 and all(len(arms) > 1 for arms in at.values()):
            return str(axis["key"])
    return None


def _levels(
    members: Sequence[Arm], everyone: Sequence[Arm], axes: Sequence[Mapping[str, Any]]
) -> tuple[str, dict[str, list[Arm]]]:
    """The axis whose complete levels cover most members, and these levels with their arms."""
    inside = {arm.number for arm in members}
    best: tuple[str, dict[str, list[Arm]]] = ("", {})
    for axis in axes:
        key = str(axis["key"])
        if key == VARIANT:
            continue
        whole = {
            level: arms
            for level, arms in _in_order_of(members, key, _by_level(key, everyone))
            if len(arms) > 1 and all(arm.number in inside for arm in arms)
        }
        if _covered(whole) > _covered(best[1]):
            best = key, whole
    return best


def _in_order_of(
    members: Sequence[Arm], key: str, levels: Mapping[str, list[Arm]]
) -> Iterator[tuple[str, list[Arm]]]:
    for level in dict.fromkeys(str(arm.point.get(key)) for arm in members):
        if level in levels:
            yield level, levels[level]


def _by_level(key: str, everyone: Sequence[Arm]) -> dict[str, list[Arm]]:
    found: dict[str, list[Arm]] = {}
    for arm in everyone:
        if key in arm.point:
            found.setdefault(str(arm.point[key]), []).append(arm)
    return found


def _covered(levels: Mapping[str, Sequence[Arm]]) -> int:
    return sum(len(arms) for arms in levels.values())
