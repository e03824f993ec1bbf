"""The origin of S4 and S4D."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from focus_core.systems.origin import OURS

RATE, PUBLISHED_RATE = "train.state_learning_rate", 1e-3
"""The learning rate of A, B and the step sizes in state-spaces/s4; also the default here."""


def departures(canonical: Mapping[str, object]) -> dict[str, str]:
    """Report a learning rate that is not the published one."""
    if canonical.get(RATE, PUBLISHED_RATE) == PUBLISHED_RATE:
        return {}
    return {"optimiser": OURS.optimiser}


BOTH = replace(
    OURS,
    frame="ours: a feed-forward network behind it",
    optimiser=f"{OURS.optimiser}, slower state space as published",
    bare="published: no feed-forward network",
    departures=departures,
)
S4 = replace(
    BOTH,
    start="published: HiPPO-LegS, B clipped; linear layers ours",
    source="state-spaces/s4, models/s4/s4.py and example.py",
)
S4D = replace(
    BOTH,
    start="published: S4D-Lin; linear layers ours",
    source="state-spaces/s4, models/s4/s4d.py and example.py",
)
