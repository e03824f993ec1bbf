"""The origin of an arm's start, frame, optimiser and protocol: ours, or as published."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from analysis.reading.arms import Arm, Row
from focus_core.config.origins import is_rival, origins
from focus_core.tasks.protocols import protocol
from sweeps.provenance.code_identity import trial_code

MIXER = "model.mixer"
"""Every config of this platform has this key."""
TASK = "task.name"
KEYS = ("start", "frame", "optimiser", "protocol")


def from_outside(about: Mapping[str, Any]) -> frozenset[str]:
    """The mixers and tasks that plugins added to a sweep, or to the sweeps that are compared."""
    of_each = about.get("sweeps", {"": about}).values()
    plugins = [plugin for own in of_each for plugin in own.get("plugins", ())]
    return frozenset(name for each in plugins for name in (*each["systems"], *each["tasks"]))


def origin(config: Mapping[str, Any], yours: Collection[str] = ()) -> dict[str, str]:
    """The origins of one trial: each begins with ``ours``, ``yours``, ``published`` or ``unknown``.

    Args:
        config: the trial's flat canonical config.
        yours: see ``from_outside``.
    """
    if MIXER not in config:  # a config of another tool
        return dict.fromkeys(KEYS, "unknown")
    followed = "yours: a task of a plugin" if config.get(TASK) in yours else protocol(config)
    return {**origins(config, yours), "protocol": followed}


def origin_rows(found: Sequence[Arm], yours: Collection[str] = ()) -> list[Row]:
    """One row for all arms that have the same origins; no rows where all are ours."""
    told = [MIXER in arm.config and not _is_ours(arm.config, yours) for arm in found]
    if not any(told):
        return []
    rows: dict[tuple[str, ...], Row] = {}
    for arm in found:
        words = origin(arm.config, yours)
        row = rows.setdefault(tuple(words.values()), {"arms": [], "rival": False, **words})
        row["arms"].append(arm.variant or arm.name)
        row["rival"] |= is_rival(arm.config, yours)
    for row in rows.values():
        row["arms"] = list(dict.fromkeys(row["arms"]))
    return sorted(rows.values(), key=lambda row: not row["rival"])


def _is_ours(config: Mapping[str, Any], yours: Collection[str]) -> bool:
    return config[MIXER] not in yours and not is_rival(config, yours)


def origin_note(found: Sequence[Arm], yours: Collection[str] = ()) -> str:
    """A warning if an arm was trained by other code than the code that names its origins.

    The code of a plugin is not loaded here, so nothing is said of the arms that need one.
    """
    ours = [arm for arm in found if not {arm.config.get(MIXER), arm.config.get(TASK)} & {*yours}]
    other = [arm.name for arm in ours if arm.code not in ("", trial_code(arm.config))]
    if not other:
        return ""
    return (
        "These words are of the code that made this report; another focus_core trained "
        f"{other[0]}{f' and {len(other) - 1} more' if other[1:] else ''}, which may have started "
        "otherwise."
    )
