"""The levels of an axis, and the trials that stand at each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.reading.arms import Arm

MAX_LEVELS = 8  # an axis with more values is read in quarters
GROUPS = 4


@dataclass(frozen=True, kw_only=True)
class Level:
    """The ranked arms that share one value (or one quarter of the values) of an axis."""

    label: str
    arms: tuple[Arm, ...]

    def scores(self) -> dict[int, float]:
        """Seed to the mean test score over the level's arms, for the seeds all of them have."""
        tests = [arm.scores("test") for arm in self.arms]
        seeds = set.intersection(*(set(t) for t in tests)) if tests else set()
        return {seed: math.fsum(t[seed] for t in tests) / len(tests) for seed in sorted(seeds)}


def levels(axis: Mapping[str, Any], found: Sequence[Arm]) -> list[Level]:
    """The axis' levels among the ranked arms, in the axis' own order."""
    key = str(axis["key"])
    alive = [arm for arm in found if arm.ranked and key in arm.point]
    values = list(dict.fromkeys(arm.point[key] for arm in alive))
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(numbers) == len(values):
        values.sort()
        if len(values) > MAX_LEVELS:
            return _quarters(key, alive)
    else:
        choices = list(axis.get("choices") or [])
        values.sort(key=lambda v: choices.index(v) if v in choices else len(choices))
    return [
        Level(label=_text(v), arms=tuple(arm for arm in alive if arm.point[key] == v))
        for v in values
    ]


def _quarters(key: str, alive: Sequence[Arm]) -> list[Level]:
    ordered = sorted(alive, key=lambda arm: (arm.point[key], arm.number))
    groups = [list(g) for g in np.array_split(np.arange(len(ordered)), GROUPS) if len(g)]
    return [
        Level(
            label=f"{ordered[g[0]].point[key]:.2g} to {ordered[g[-1]].point[key]:.2g}",
            arms=tuple(ordered[i] for i in g),
        )
        for g in groups
    ]


def _text(value: object) -> str:
    if value is None:
        return "none"  # as --set spells it
    return f"{value:.3g}" if isinstance(value, float) else str(value)
