"""Whether the start, frame and optimiser of a trial's mixer are ours or the published ones."""

from __future__ import annotations

from collections.abc import Mapping

from focus_core.systems import SYSTEMS, origin_of

WORDS = ("start", "frame", "optimiser")


def origins(canonical: Mapping[str, object]) -> dict[str, str]:
    """Describe the ``start``, ``frame`` and ``optimiser`` of one trial, in a few words each.

    Args:
        canonical: the trial's flat canonical config.
    """
    mixer = str(canonical.get("model.mixer", "focus"))
    if mixer not in SYSTEMS:  # the config is from another version of the code
        return dict.fromkeys(WORDS, "unknown")
    origin = origin_of(mixer)
    words = {name: str(getattr(origin, name)) for name in WORDS}
    words |= origin.departures(canonical)
    if canonical.get("model.feed_forward", True) is False:
        words["frame"] = origin.bare
    return words


def is_rival(canonical: Mapping[str, object]) -> bool:
    """Whether other authors published a trial's mixer; also true for an unknown mixer."""
    system = SYSTEMS.get(str(canonical.get("model.mixer", "focus")))
    return system is None or system.is_rival
