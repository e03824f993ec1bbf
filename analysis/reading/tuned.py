"""Axes that are tuned: every arm gets its own best value of them, before arms are compared.

A learning rate that suits one system need not suit its rival. It is chosen on validation; what is
compared is the test split. Each arm is given the same trials to choose from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.reading.arms import Arm, best_arm, short

Axes = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """The trials that stand for their arms.

    Attributes:
        arms: one for each setting of the other axes, in the order of asking: the best of those
            that may be ranked, else the first. Without tuned axes these are all trials.
        tried: a trial's number to how many of its arm were trained in full.
    """

    arms: list[Arm]
    tried: dict[int, int]


def tuned_keys(axes: Axes) -> list[str]:
    """The keys of the axes that are tuned."""
    return [str(axis["key"]) for axis in axes if axis.get("tuned")]


def tuned_note(axes: Axes) -> str:
    """What a reader must know of it, in a sentence; empty where nothing is tuned."""
    names = " and ".join(short(key) for key in tuned_keys(axes))
    return f"Each arm stands at its own {names}, chosen on validation." if names else ""


def compared_axes(axes: Axes) -> list[Mapping[str, Any]]:
    """The axes that the question is about."""
    return [axis for axis in axes if not axis.get("tuned")]


def tune(found: Sequence[Arm], axes: Axes, *, maximize: bool) -> Tuned:
    """Choose each arm's trial on validation."""
    keys = tuned_keys(axes)
    groups: dict[str, list[Arm]] = {}
    for arm in found:
        rest = {key: value for key, value in arm.point.items() if key not in keys}
        # trials that differ in nothing else are one arm; without tuned axes each is its own
        name = repr(sorted(rest.items())) if keys else str(arm.number)
        groups.setdefault(name, []).append(arm)
    counted = [(group, sum(arm.ranked for arm in group)) for group in groups.values()]
    return Tuned(
        arms=[best_arm(group, maximize=maximize) or group[0] for group in groups.values()],
        tried={arm.number: ranked for group, ranked in counted for arm in group},
    )
