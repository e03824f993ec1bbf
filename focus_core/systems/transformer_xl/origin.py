"""The origin of Transformer-XL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from focus_core.systems.origin import OURS

FRAME = "published: post-norm, ReLU, tied head; memory empty at a window's start"


def departures(canonical: Mapping[str, object]) -> dict[str, str]:
    """Report biases that each layer has of its own."""
    if canonical.get("model.position_bias", "shared") == "shared":
        return {}
    return {"frame": FRAME.replace("published", "ours: u and v for each layer", 1)}


TRANSFORMER_XL = replace(
    OURS,
    start=f"{OURS.start}; u and v published",
    frame=FRAME,
    source="kimiyoung/transformer-xl, pytorch/mem_transformer.py and run_enwik8_base.sh",
    departures=departures,
)
