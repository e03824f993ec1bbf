"""Whether the start, frame and optimiser of a trial's mixer are ours or the published ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from focus_core.systems import SYSTEMS, origin_of
from focus_core.systems.origin import YOURS

WORDS = ("start", "frame", "optimiser")


def origins(canonical: Mapping[str, object], yours: Collection[str] = ()) -> dict[str, str]:
    """Describe the ``start``, ``frame`` and ``optimiser`` of one trial, in a few words each.

    Args:
        canonical: the trial's flat canonical config.
        yours: the mixers from outside; their code need not be loaded.
    """
    mixer = str(canonical.get("model.mixer", "focus"))
    if mixer not in SYSTEMS and mixer not in yours:  # the config is of another version of the code
        return dict.fromkeys(WORDS, "unknown")
    origin = YOURS if mixer in yours else origin_of(mixer)
    words = {name: str(getattr(origin, name)) for name in WORDS}
    words |= origin.departures(canonical)
    if canonical.get("model.feed_forward", True) is False:
        words["frame"] = origin.bare
    return words


def is_rival(canonical: Mapping[str, object], yours: Collection[str] = ()) -> bool:
    """Whether other authors published a trial's mixer; also true for an unknown mixer."""
    mixer = str(canonical.get("model.mixer", "focus"))
    system = SYSTEMS.get(mixer)
    return mixer not in yours and (system is None or system.is_rival)
