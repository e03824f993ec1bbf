"""The effect of one axis, averaged over all others, from functions drawn from a surrogate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.statistics.importance import Importances
from analysis.statistics.kernel import Floats
from analysis.statistics.whole_space import two_samples

POINTS = 64
STEPS = 21
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class PartialDependence:
    """The mean score over the whole space with one axis held fixed (Friedman 2001).

    Attributes:
        codes: the axis' values (see ``kernel``), (values,).
        mean: mean over the functions, (values,).
        low: lower end of the pointwise 95 % interval, (values,).
        high: upper end, (values,).
    """

    codes: Floats
    mean: Floats
    low: Floats
    high: Floats


def partial_dependence(found: Importances, axis: int, *, seed: int = 0) -> PartialDependence:
    """The partial dependence on ``axis``, in the scores' own unit.

    Args:
        found: importances, with the functions from which they were computed.
        axis: the column of the axis.
        seed: seed of the points.
    """
    levels = found.space.levels
    codes = np.arange(float(levels[axis])) if levels[axis] else np.linspace(0.0, 1.0, STEPS)
    points, _ = two_samples(levels, POINTS, seed)
    by_value = []
    for code in codes:
        points[:, axis] = code
        held = found.space.masked(points)
        alive = held[~np.isnan(held[:, axis])]
        held = alive if len(alive) else held
        by_value.append(np.concatenate([f.at(held).mean(axis=0) for f in found.drawn]))
    scores = found.center + found.spread * np.array(by_value)  # (values, functions)
    low, high = np.quantile(scores, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=1)
    return PartialDependence(codes=codes, mean=scores.mean(axis=1), low=low, high=high)
