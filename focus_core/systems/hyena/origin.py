"""The origin of Hyena."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from focus_core.systems.origin import OURS

PUBLISHED_FEATURES = {(5, 10.0, False, True), (33, 14.0, True, True)}
"""(features, frequency, features trained, frequency trained) of safari's recall and language."""
DEFAULTS = {
    "model.implicit_features": 5,
    "model.implicit_frequency": 10.0,
    "model.implicit_features_trained": False,
    "model.implicit_frequency_trained": True,
}


def departures(canonical: Mapping[str, object]) -> dict[str, str]:
    """Report features or a frequency that nobody published."""
    asked = tuple(canonical.get(key, default) for key, default in DEFAULTS.items())
    if asked in PUBLISHED_FEATURES:
        return {}
    return {"start": "ours: other features or frequency; filter network's weights published"}


HYENA = replace(
    OURS,
    start="published: filter network N(0, 0.02), no biases; the rest ours",
    optimiser=f"{OURS.optimiser}, filter network undecayed as published",
    source="HazyResearch/safari, src/models/sequence/hyena.py and long_conv_lm.py; zoology",
    departures=departures,
)
