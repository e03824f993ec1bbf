"""Whose start, frame and optimiser a trial's mixer has here: ours, or as it was published."""

from __future__ import annotations

from collections.abc import Mapping

from focus_core.systems import SYSTEMS, origin_of

WORDS = ("start", "frame", "optimiser")


def origins(canonical: Mapping[str, object]) -> dict[str, str]:
    """The words for one trial: ``start``, ``frame``, ``optimiser``.

    Args:
        canonical: its flat canonical config.
    """
    mixer = str(canonical.get("model.mixer", "focus"))
    if mixer not in SYSTEMS:  # of a later or an earlier code
        return dict.fromkeys(WORDS, "unknown")
    origin = origin_of(mixer)
    words = {name: str(getattr(origin, name)) for name in WORDS}
    words |= origin.departures(canonical)
    if canonical.get("model.feed_forward", True) is False:
        words["frame"] = origin.bare
    return words


def is_rival(canonical: Mapping[str, object]) -> bool:
    """Whether a trial's mixer is somebody else's."""
    system = SYSTEMS.get(str(canonical.get("model.mixer", "focus")))
    return system is None or system.is_rival
