"""The share of each axis in the variance of the score over the space, with an interval.

The share of an axis is its total Sobol' index: the part of the score's variance over the whole
space that remains when all other axes are known. The share includes interactions with other axes,
so shares may add up to more than 1. Noise is not part of the variance.

The score over the space is a Gaussian process fitted to the trials (``surrogate``). Functions are
drawn from the process, and each function gives its own shares (Le Gratiet, Cannamela, Iooss 2014,
"A Bayesian approach for global sensitivity analysis of (multifidelity) computer codes", SIAM/ASA
JUQ 2; Jansen's estimator, Saltelli et al. 2010). Points come from the whole space: a sampler that
concentrates on a part of it makes intervals wider, but does not change what a share means. The
interval of an axis that the test does not detect begins at 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.statistics.axis_score import axis_p_values
from analysis.statistics.correction import holm
from analysis.statistics.draws import Drawn, draw
from analysis.statistics.kernel import Floats, Levels
from analysis.statistics.surrogate import explained, fits, problem, uncertain
from analysis.statistics.whole_space import Space, learn_space, two_samples

ALPHA = 0.05
LEVEL = 0.95
KEPT = 0.95  # share of the draws that must give an axis its rank
MOST_FITTED = 200  # trials that parameters are fitted to
MOST_FITTED_MANY_AXES = 100
MANY_AXES = 15
MOST_USED = 500  # trials that functions are drawn from and axes are tested on
POINTS = 256
PARAMETER_DRAWS = 6
FUNCTION_DRAWS = 30


@dataclass(frozen=True, kw_only=True)
class Importance:
    """The importance of one axis.

    Attributes:
        share: median over the draws.
        low: lower end of the 95 % interval; 0 where the axis is not detectable.
        high: upper end.
        p: p-value, Holm-corrected over the axes.
        detectable: whether p is at most 0.05.
        rank: 1 for the strongest; None unless 95 % of the draws give the axis this rank.
    """

    share: float
    low: float
    high: float
    p: float
    detectable: bool
    rank: int | None


@dataclass(frozen=True, kw_only=True)
class Importances:
    """The importances of all axes, and the functions from which they were computed.

    Attributes:
        axes: the importances, in the order of the columns.
        explained: share of the variance of the trial means that the surrogate predicts for trials
            that it did not see.
        used: number of trials that functions were drawn from.
        center: mean of the trial means.
        spread: standard deviation of the trial means; a function times ``spread`` plus ``center``
            is a score.
        drawn: functions, several for each set of parameters.
        space: the space that the trials were drawn from.
    """

    axes: tuple[Importance, ...]
    explained: float
    used: int
    center: float
    spread: float
    drawn: tuple[Drawn, ...]
    space: Space


def importances(points: Floats, scores: Floats, levels: Levels, *, seed: int = 0) -> Importances:
    """Importances of the axes.

    Args:
        points: (trials, axes); numbers from 0 to 1, choices as codes, NaN where an axis has no
            effect (see ``kernel``). Every axis varies.
        scores: (trials, seeds), finite; the trial means are not all equal; all trials have the
            same seeds.
        levels: number of choices of each axis, 0 for a number.
        seed: seed of all random draws.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(points))
    fitted = order[: MOST_FITTED if len(levels) <= MANY_AXES else MOST_FITTED_MANY_AXES]
    used = order[:MOST_USED]
    means = scores.mean(axis=1)
    center, spread = float(means.mean()), float(means.std())
    noise = seed_noise(scores) / spread**2
    small, large = (
        problem(points[rows], (means[rows] - center) / spread, levels, noise)
        for rows in (fitted, used)
    )
    optima = fits(small)
    by_seed = ((scores - scores.mean(axis=0)) / spread)[used]
    space = learn_space(points, levels)
    children = [space.children(k) for k in range(len(levels))]
    p_values = axis_p_values(small, large, optima[0], by_seed, children=children, rng=rng)
    drawn = tuple(
        draw(large, parameters, FUNCTION_DRAWS, rng)
        for parameters in uncertain(optima, small, PARAMETER_DRAWS, rng)
    )
    shares = np.concatenate([total_shares(functions, space, seed) for functions in drawn], axis=1)
    return Importances(
        axes=_axes(shares, holm(p_values)),
        explained=explained(large, optima[0]),
        used=len(used),
        center=center,
        spread=spread,
        drawn=drawn,
        space=space,
    )


def total_shares(functions: Drawn, space: Space, seed: int, count: int = POINTS) -> Floats:
    """The total Sobol' index of each axis for each function, (axes, functions).

    Each axis in turn is drawn anew at points of the whole space. The index of the axis is half the
    mean square of the resulting changes, over the variance (Jansen 1999). On a complete grid the
    index is exact and nothing is drawn.
    """
    if space.grid is not None:
        return _exact_shares(functions.at(space.grid), space.grid)
    first, second = two_samples(space.levels, count, seed)
    parts = functions.parts(space.masked(first))
    scores = functions.of(parts)
    variance = np.maximum(scores.var(axis=0), np.finfo(float).tiny)
    shares = []
    for k in range(len(space.levels)):
        changed = first.copy()
        changed[:, k] = second[:, k]
        moved = functions.changed(parts, space.masked(changed))
        shares.append(0.5 * np.mean((moved - scores) ** 2, axis=0) / variance)
    return np.array(shares)


def _exact_shares(scores: Floats, grid: Floats) -> Floats:
    """Mean variance along each axis, the others fixed, over the variance, (axes, functions).

    Args:
        scores: (points, functions).
        grid: see ``Space``.
    """
    table = scores.reshape(*(len(np.unique(column)) for column in grid.T), -1)
    variance = np.maximum(scores.var(axis=0), np.finfo(float).tiny)
    along = [table.var(axis=k).reshape(-1, scores.shape[1]) for k in range(grid.shape[1])]
    shares: Floats = np.array([each.mean(axis=0) for each in along]) / variance
    return shares


def seed_noise(scores: Floats) -> float:
    """Variance of a trial's mean over seeds, pooled over trials; 0 for one seed or one trial.

    Args:
        scores: (trials, seeds). An effect of a seed that all trials share is not noise.
    """
    trials, seeds = scores.shape
    if seeds < 2 or trials < 2:
        return 0.0
    left = scores - scores.mean(axis=0) - scores.mean(axis=1, keepdims=True) + scores.mean()
    return float(np.sum(left**2) / ((trials - 1) * (seeds - 1)) / seeds)


def _axes(shares: Floats, p_values: Sequence[float]) -> tuple[Importance, ...]:
    ends = ((1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2)
    low, middle, high = np.quantile(shares, ends, axis=1)
    by_draw = 1 + np.argsort(np.argsort(-shares, axis=0, kind="stable"), axis=0)  # (axes, draws)
    by_median = 1 + np.argsort(np.argsort(-middle, kind="stable"))
    kept = np.mean(by_draw == by_median[:, None], axis=1)
    return tuple(
        Importance(
            share=float(middle[k]),
            low=float(low[k]) if p <= ALPHA else 0.0,
            high=float(min(high[k], 1.0)),
            p=p,
            detectable=p <= ALPHA,
            rank=int(by_median[k]) if p <= ALPHA and kept[k] >= KEPT else None,
        )
        for k, p in enumerate(p_values)
    )
