"""Bimodal arms: some of their seeds learned, the others stayed at chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AT_CHANCE = 0.1
"""A seed is stuck up to this share of the way from chance to the best seed of all arms."""
LEARNED = 0.25
"""A seed has learned from this share of the same way on."""
BY_LUCK = 3.0
"""Binomial standard errors above chance that a stuck seed may score."""


@dataclass(frozen=True, kw_only=True)
class Learned:
    """How the seeds of one arm ended.

    Attributes:
        seeds: number of seeds.
        learned: number of seeds that learned: a quarter or more of the way from chance to the
            best seed.
        stuck: number of seeds that stayed at chance.
    """

    seeds: int
    learned: int
    stuck: int

    @property
    def kind(self) -> Literal["learned", "at chance", "bimodal", "between"]:
        """``bimodal``: some seeds learned and all others are stuck, so their mean says nothing."""
        if self.learned == self.seeds:
            return "learned"
        if self.stuck == self.seeds:
            return "at chance"
        return "bimodal" if self.learned + self.stuck == self.seeds else "between"


def learned(
    scores: Floats, *, chance: float, best: float, sequences: float = 0.0, maximize: bool = True
) -> Learned | None:
    """Count the seeds that learned; None where no seed of any arm is clear of chance.

    Args:
        scores: finite scores of the seeds of one arm.
        chance: the score of a model that knows nothing.
        best: the score of the best seed of all arms.
        sequences: number of test sequences behind a score; 0 if the score is not a count.
        maximize: whether a larger score is better.
    """
    sign = 1.0 if maximize else -1.0
    way = sign * (best - chance)
    luck = BY_LUCK * np.sqrt(max(chance * (1 - chance), 0.0) / sequences) if sequences else 0.0
    if len(scores) == 0 or way <= 2 * luck or way <= 0:
        return None
    gone = sign * (scores - chance)
    return Learned(
        seeds=len(scores),
        learned=int(np.sum(gone >= max(LEARNED * way, 2 * luck))),
        stuck=int(np.sum(gone <= max(AT_CHANCE * way, luck))),
    )
