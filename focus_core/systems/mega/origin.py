"""The origin of Mega."""

from __future__ import annotations

from dataclasses import replace

from focus_core.systems.origin import OURS

MEGA = replace(
    OURS,
    start=f"{OURS.start}; averages and biases published",
    frame="published: pre-norm, SiLU, tied head, scaled embedding",
    source="facebookresearch/mega, fairseq/modules",
)
