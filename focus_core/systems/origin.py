"""What a mixer's words of origin are. No torch, and no part of a trial's code identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Whose start, frame and optimiser a mixer has, in words that say ``ours`` or ``published``.

    For reports, so that nobody takes a rival of ours for the published one. Every entry was
    compared with the public code of its authors; functions are equal to rounding, starts and
    surroundings are what these words tell.

    Attributes:
        start: the initial weights.
        frame: the network around the mixer.
        optimiser: what trains it.
        source: the public code, or the paper, that these words were compared with.
        bare: the frame without a feed-forward network.
        departures: of a trial's canonical config, the words above that do not hold for it.
    """

    start: str = "ours: N(0, 1 / inputs)"
    frame: str = "ours: pre-norm, SiLU, untied head"
    optimiser: str = "ours: AdamW, gradients clipped"
    source: str = "no public code: arXiv 2305.14952"
    bare: str = "ours: no feed-forward network"
    departures: Callable[[Mapping[str, object]], dict[str, str]] = lambda _config: {}


OURS = Origin()
