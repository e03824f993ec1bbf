"""The two sides of a question as two rows of a table of scores, with the rows that share its noise.

A side names one arm (its label, its variant, ``trial 12``, its id), or what arms have in common
(``bin_length=16``). Then every level of those axes is a row: the mean over its arms, seed by seed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.reading.arms import Arm, short
from analysis.reading.study import Study
from focus_core.errors import UserError

Floats = NDArray[np.float64]
Setting = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Sides:
    """Two rows of a table.

    Attributes:
        scores: (arms or levels, seeds) on the test split; NaN where one is missing.
        sequences: how many test sequences a seed's score counts, None for another metric.
        left: the row of the left side.
        right: the row of the right side.
        trials: the trials behind the two rows.
    """

    scores: Floats
    sequences: int | None
    left: int
    right: int
    trials: tuple[Arm, ...]


def find_sides(study: Study, left: str, right: str) -> Sides:
    """The rows that ``left`` and ``right`` name.

    Raises:
        UserError: no such arm, an arm that may not be compared, or levels that were tried beside
            different settings of the other axes.
    """
    if "=" in left and "=" in right:
        return _levels(study, _setting(study, left), _setting(study, right))
    rows = [[arm] for arm in study.ranked]
    places = [study.ranked.index(_arm(study, words)) for words in (left, right)]
    return _sides(study, rows, places)


def _sides(study: Study, rows: Sequence[Sequence[Arm]], places: Sequence[int]) -> Sides:
    left, right = places
    if left == right:
        raise UserError("both sides of the question name the same arm")
    seeds = sorted({seed for arms in rows for arm in arms for seed in arm.tests})
    scores = np.array([[_mean(arms, seed) for seed in seeds] for arms in rows])
    behind = tuple(arm for place in places for arm in rows[place])
    counts = [arm.sequences("test", study.metric.bounds) for arm in behind]
    return Sides(
        scores=scores.reshape(len(rows), len(seeds)),
        sequences=min((count for count in counts if count), default=None),
        left=left,
        right=right,
        trials=behind,
    )


def _mean(arms: Sequence[Arm], seed: int) -> float:
    return float(np.mean([arm.tests.get(seed, np.nan) for arm in arms]))


def _arm(study: Study, words: str) -> Arm:
    """The ranked arm that ``words`` name."""
    named: dict[str, Arm] = {}
    for arm in reversed(study.arms):  # the first of equal names counts
        names = {arm.label, arm.name, arm.variant, f"trial {arm.number}", arm.trial_id}
        named |= {name: arm for name in names if name}
    if study.reference is not None:
        named.setdefault("base", study.reference)
    if "=" in words and words not in named:
        return _only_one(study, words)
    if words not in named:
        near = difflib.get_close_matches(words, named, n=1)
        labels = list(dict.fromkeys(arm.name for arm in study.arms))
        known = ", ".join(labels[:8]) + (" ..." if len(labels) > 8 else "")
        hint = f"did you mean {near[0]!r}?" if near else f"the arms are {known}"
        raise UserError(f"no arm is called {words[:60]!r}; {hint}")
    return _may_be_compared(named[words])


def _only_one(study: Study, words: str) -> Arm:
    wanted = dict(_setting(study, words))
    found = [arm for arm in study.arms if wanted.items() <= _words(arm.point).items()]
    if len(found) != 1:
        raise UserError(
            f"{words!r} fits {len(found)} arms: beside a single arm it must fit one; ask for the "
            "same axes on both sides, such as 'bin_length=16 > bin_length=64'"
        )
    return _may_be_compared(found[0])


def _may_be_compared(arm: Arm) -> Arm:
    from analysis.reading.reference import why_not_ranked

    if not arm.ranked:
        raise UserError(f"{arm.name} cannot be compared: {why_not_ranked(arm)}")
    return arm


def _setting(study: Study, words: str) -> Setting:
    """``bin_length=16,filters=2`` as dotted keys and values in words."""
    keys = {short(str(axis["key"])): str(axis["key"]) for axis in study.axes}
    keys |= {key: key for key in keys.values()}
    pairs = []
    for pair in re.split(r"[,\s]+", words.strip()):
        key, _, value = pair.partition("=")
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the axes are {', '.join(keys)}"
            raise UserError(f"no axis is called {key[:60]!r}; {hint}")
        pairs.append((keys[key], _same_number(value)))
    return tuple(sorted(pairs))


def _levels(study: Study, left: Setting, right: Setting) -> Sides:
    """Each level of the axes that both sides name, averaged over the settings of the others."""
    keys = [key for key, _ in left]
    if keys != [key for key, _ in right]:
        raise UserError("both sides of the question must name the same axes")
    groups: dict[Setting, dict[Setting, Arm]] = {}
    for arm in study.ranked:
        point = _words(arm.point)
        level = tuple((key, point[key]) for key in keys if key in point)
        beside = tuple(sorted((k, v) for k, v in point.items() if k not in keys))
        groups.setdefault(level, {})[beside] = arm
    for setting in (left, right):
        if setting not in groups:
            levels = ", ".join(_told(level) for level in groups if len(level) == len(keys))
            raise UserError(f"no arm has {_told(setting)}; the levels are {levels}")
    shared = groups[left].keys() & groups[right].keys()
    if not shared or groups[left].keys() != groups[right].keys():
        raise UserError(
            f"{_told(left)} and {_told(right)} were not tried beside the same settings of the "
            "other axes: see the section on axes, or compare single arms"
        )
    alike = {level: by for level, by in groups.items() if by.keys() == groups[left].keys()}
    order = list(alike)
    rows = [[alike[level][beside] for beside in sorted(shared)] for level in order]
    return _sides(study, rows, [order.index(left), order.index(right)])


def _told(setting: Setting) -> str:
    return ",".join(f"{short(key)}={value}" for key, value in setting)


def _words(point: dict[str, Any]) -> dict[str, str]:
    """The values as ``--set`` spells them."""
    return {key: _word(value) for key, value in point.items()}


def _word(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return _same_number(str(value))


def _same_number(word: str) -> str:
    """A number in one spelling, so that 1e-4 is 0.0001; any other word as it is."""
    try:
        return f"{float(word):.10g}"
    except ValueError:
        return word
