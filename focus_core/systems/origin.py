"""The record of a mixer's origin. No torch, and no part of a trial's code identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Words that say whether a mixer's start, frame and optimiser are ``ours`` or ``published``.

    Reports show these words, so that no reader confuses our version of a rival with the published
    one. Every entry was compared with the public code of its authors. The functions are equal up to
    rounding; these words describe the start, the frame and the optimiser.

    Attributes:
        start: the initial weights.
        frame: the network around the mixer.
        optimiser: the optimiser of the mixer.
        source: the public code, or the paper, that these words were compared with.
        bare: the frame without a feed-forward network.
        departures: maps a trial's canonical config to new words, where those above do not hold.
    """

    start: str = "ours: N(0, 1 / inputs)"
    frame: str = "ours: pre-norm, SiLU, untied head"
    optimiser: str = "ours: AdamW, gradients clipped"
    source: str = "no public code: arXiv 2305.14952"
    bare: str = "ours: no feed-forward network"
    departures: Callable[[Mapping[str, object]], dict[str, str]] = lambda _config: {}


OURS = Origin()
YOURS = replace(OURS, start="yours: as its constructor draws", source="a plugin")
"""Of every mixer from outside."""
