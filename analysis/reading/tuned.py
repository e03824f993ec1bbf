"""Tuned axes: every arm gets its own best values of these axes before arms are compared.

A learning rate that suits one system may not suit another. The values are chosen on the validation
split; arms are compared on the test split. Each arm is given the same trials to choose from.
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
        arms: one trial for each setting of the other axes, in the order of asking: the best trial
            that may be ranked, else the first. Without tuned axes these are all trials.
        tried: by number of each trial, how many trials of its arm may be ranked.
    """

    arms: list[Arm]
    tried: dict[int, int]


def tuned_keys(axes: Axes) -> list[str]:
    """The keys of the axes that are tuned."""
    return [str(axis["key"]) for axis in axes if axis.get("tuned")]


def tuned_note(axes: Axes) -> str:
    """What a reader must know of the tuning, in a sentence; empty where nothing is tuned."""
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
        # trials that differ only in tuned axes are one arm; without such axes each is an arm
        name = repr(sorted(rest.items())) if keys else str(arm.number)
        groups.setdefault(name, []).append(arm)
    counted = [(group, sum(arm.ranked for arm in group)) for group in groups.values()]
    return Tuned(
        arms=[best_arm(group, maximize=maximize) or group[0] for group in groups.values()],
        tried={arm.number: ranked for group, ranked in counted for arm in group},
    )
