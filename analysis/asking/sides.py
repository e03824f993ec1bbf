"""What the two sides of a question name: two arms, or two levels of one axis.

An arm is named by its label, its variant, ``trial 12``, its id, or by a setting that no other arm
has (``bin_length=16 nfft_factor=2``). If several arms have ``bin_length=16``, these words name a
level of an axis. A value alone (``ours``) names a level if exactly one axis has this value.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analysis.reading.arms import Arm, short
from analysis.reading.study import Study
from focus_core.errors import UserError
from sweeps.commands.command_line import shown

MOST_NAMED = 8


@dataclass(frozen=True, kw_only=True)
class Arms:
    """Two arms."""

    left: Arm
    right: Arm


@dataclass(frozen=True, kw_only=True)
class Levels:
    """Two values of an axis; each value stands for all arms that have it."""

    key: str
    left: Any
    right: Any


def find_sides(study: Study, left: str, right: str) -> Arms | Levels:
    """The arms or levels that ``left`` and ``right`` name.

    Raises:
        UserError: a side names nothing or a value of several axes, both sides name the same, or
            a side fits several arms and the two sides are not values of one axis.
    """
    names = _names(study)
    settings = [{} if words in names else _setting(study, words) for words in (left, right)]
    fitting = [
        [names[words]] if words in names else [a for a in study.arms if _has(a, setting)]
        for words, setting in zip((left, right), settings, strict=True)
    ]
    for words, arms in zip((left, right), fitting, strict=True):
        if not arms:
            raise UserError(f"no arm has {shown(words)}")
    (one, *more), (other, *others) = fitting
    if fitting[0] == fitting[1]:
        raise UserError("both sides of the question name the same: ask about two")
    if not more and not others:
        return Arms(left=one, right=other)
    keys = settings[0].keys() | settings[1].keys()
    if len(keys) == 1 and all(settings):
        (key,) = keys
        return Levels(key=key, left=one.point[key], right=other.point[key])
    words, count = (left, len(fitting[0])) if more else (right, len(fitting[1]))
    raise UserError(
        f"{shown(words)} fits {count} arms: name one arm on either side, or one "
        "value of the same axis, such as 'bin_length=16 > bin_length=64'"
    )


def _names(study: Study) -> dict[str, Arm]:
    """Every name to its arm; a name that several arms share goes to the first of them."""
    names: dict[str, Arm] = {}
    for arm in study.arms:
        for name in (f"trial {arm.number}", arm.trial_id, arm.label, arm.name, arm.variant):
            if name:
                names.setdefault(name, arm)
    if study.reference is not None:
        names.setdefault("base", study.reference)
    return names


def _setting(study: Study, words: str) -> dict[str, str]:
    """``bin_length=16 filters=2`` as a map from dotted keys to values as text."""
    keys = {short(str(axis["key"])): str(axis["key"]) for axis in study.axes}
    keys |= {key: key for key in keys.values()}
    if "=" not in words:
        return {_axis_of(study, words): same_number(words)}
    setting = {}
    for pair in re.split(r"[,\s]+", words):
        key, _, value = pair.partition("=")
        if key not in keys:
            near = difflib.get_close_matches(key, keys, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"the axes are {', '.join(keys)}"
            raise UserError(f"no axis is called {shown(key)}; {hint}")
        setting[keys[key]] = same_number(value)
    return setting


def _axis_of(study: Study, word: str) -> str:
    """The key of the one axis that has this value."""
    values = {
        str(axis["key"]): {word_of(a.point[k]) for a in study.arms if (k := axis["key"]) in a.point}
        for axis in study.axes
    }
    found = [key for key, known in values.items() if same_number(word) in known]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserError(
            f"{shown(word)} is a value of {' and '.join(found)}: write {short(found[0])}={word}"
        )
    names = [*dict.fromkeys(arm.name for arm in study.arms)]
    known = {*_names(study), *(value for some in values.values() for value in some)}
    near = difflib.get_close_matches(word, sorted(known), n=1)
    listed = ", ".join(names[:MOST_NAMED]) + " ..." * (len(names) > MOST_NAMED)
    hint = f"did you mean {near[0]!r}?" if near else f"the arms are {listed or 'none yet'}"
    raise UserError(f"no arm is called {shown(word)}; {hint}")


def _has(arm: Arm, setting: Mapping[str, str]) -> bool:
    return bool(setting) and all(
        key in arm.point and word_of(arm.point[key]) == value for key, value in setting.items()
    )


def word_of(value: Any) -> str:
    """A value in the spelling of ``--set``."""
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else same_number(str(value))


def same_number(word: str) -> str:
    """A number in a standard spelling, so that 1e-4 equals 0.0001; any other word unchanged."""
    try:
        return f"{float(word):.10g}"
    except ValueError:
        return word
