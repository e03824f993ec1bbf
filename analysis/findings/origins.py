"""The origin of an arm's start, frame, optimiser and protocol: ours, or as published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from analysis.reading.arms import Arm, Row
from focus_core.config.origins import is_rival, origins
from focus_core.tasks.protocols import protocol
from sweeps.provenance.code_identity import trial_code

MIXER = "model.mixer"
"""Every config of this platform has this key."""
KEYS = ("start", "frame", "optimiser", "protocol")


def origin(config: Mapping[str, Any]) -> dict[str, str]:
    """The origins of one trial, each beginning with ``ours``, ``published`` or ``unknown``."""
    if MIXER not in config:  # a config of another tool
        return dict.fromkeys(KEYS, "unknown")
    return {**origins(config), "protocol": protocol(config)}


def origin_rows(found: Sequence[Arm]) -> list[Row]:
    """One row for all arms that have the same origins; no rows where no arm is a rival."""
    if not any(MIXER in arm.config and is_rival(arm.config) for arm in found):
        return []
    rows: dict[tuple[str, ...], Row] = {}
    for arm in found:
        words = origin(arm.config)
        row = rows.setdefault(tuple(words.values()), {"arms": [], "rival": False, **words})
        row["arms"].append(arm.variant or arm.name)
        row["rival"] |= is_rival(arm.config)
    for row in rows.values():
        row["arms"] = list(dict.fromkeys(row["arms"]))
    return sorted(rows.values(), key=lambda row: not row["rival"])


def origin_note(found: Sequence[Arm]) -> str:
    """A warning if an arm was trained by other code than the code that names its origins."""
    other = [arm.name for arm in found if arm.code not in ("", trial_code(arm.config))]
    if not other:
        return ""
    return (
        "These words are of the code that made this report; another focus_core trained "
        f"{other[0]}{f' and {len(other) - 1} more' if other[1:] else ''}, which may have started "
        "otherwise."
    )
