"""Points drawn from the whole of a search space, independent of what a sampler tried."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from analysis.statistics.kernel import Floats, Levels

if TYPE_CHECKING:
    from sklearn.tree import DecisionTreeClassifier


MOST_POINTS = 1024
"""Most points of a grid that is used whole; a larger grid is sampled."""


@dataclass(frozen=True, kw_only=True)
class Space:
    """The axes, and where each axis has an effect.

    Attributes:
        levels: see ``kernel``.
        alive: for each axis that has an effect only at some points, a decision tree that predicts
            from the axes before it where it has an effect.
        grid: all combinations of the values tried, sorted, (points, axes), if every combination
            was tried: these points are then the whole space. Else None.
    """

    levels: Levels
    alive: Mapping[int, DecisionTreeClassifier]
    grid: Floats | None = None

    def masked(self, points: Floats) -> Floats:
        """``points``, (m, axes), with NaN where an axis has no effect."""
        masked = points.copy()
        for k, tree in self.alive.items():
            masked[~tree.predict(_readable(masked[:, :k])).astype(bool), k] = np.nan
        return masked

    def children(self, axis: int) -> list[int]:
        """The axes that have an effect only at some values of ``axis``."""
        return [
            k for k, tree in self.alive.items() if axis < k and tree.feature_importances_[axis] > 0
        ]


def learn_space(points: Floats, levels: Levels) -> Space:
    """The space in which trials were tried.

    An axis may have an effect only at some values of the axes before it. A decision tree learns
    these values from the trials.

    Args:
        points: (n, axes), NaN where an axis had no effect.
        levels: see ``kernel``.
    """
    alive = {}
    for k in range(1, len(levels)):
        active = ~np.isnan(points[:, k])
        if not active.all() and active.any():
            from sklearn.tree import DecisionTreeClassifier  # slow; most spaces need no tree

            tree = DecisionTreeClassifier(random_state=0)
            alive[k] = tree.fit(_readable(points[:, :k]), active)
    return Space(levels=levels, alive=alive, grid=complete_grid(points))


def complete_grid(points: Floats) -> Floats | None:
    """The sorted distinct rows of ``points``; None unless they are all combinations of its values.

    None also where there are more than ``MOST_POINTS`` combinations.
    """
    distinct = np.unique(points, axis=0)
    combinations = math.prod(len(np.unique(column)) for column in points.T)
    is_complete = len(distinct) == combinations and not np.isnan(points).any()
    return distinct if is_complete and combinations <= MOST_POINTS else None


def two_samples(levels: Levels, count: int, seed: int) -> tuple[Floats, Floats]:
    """Two independent samples of the whole space, (count, axes) each, spread evenly (Sobol').

    Args:
        levels: see ``kernel``.
        count: number of points, a power of two.
        seed: seed of the scrambling.
    """
    from scipy.stats import qmc  # loads every distribution: import it only for what is no grid

    axes = len(levels)
    drawn = qmc.Sobol(2 * axes, rng=np.random.default_rng(seed)).random(count)
    for column, choices in enumerate([*levels, *levels]):
        if choices:
            drawn[:, column] = np.minimum(np.floor(drawn[:, column] * choices), choices - 1)
    return drawn[:, :axes], drawn[:, axes:]


def _readable(columns: Floats) -> Floats:
    """Columns as a tree reads them: -1 in place of NaN."""
    return np.nan_to_num(columns, nan=-1.0)
