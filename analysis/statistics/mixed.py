"""What an axis does in a random or TPE sweep: a mixed model of trials and seeds in closed form.

score = axis + other axes + seed + trial + level by seed + noise, where trial, level by seed and
noise are random. Every trial has every seed, so the estimates need no optimiser: means over seeds
carry axis and trial, contrasts between seeds carry level by seed and noise (Henderson's method 3:
expected mean squares). Each coordinate that is left of the axis once the other axes are taken out
has variance (MS_trial + level by seed) / seeds, with Satterthwaite's degrees of freedom.

Two F tests are made of it, and the larger p counts. The first pools the noise of all trials. The
second lets each level have its own noise over trials, and its own over seeds (ANOVA-type statistic
with Box's degrees of freedom), since a noisy level that was seldom tried fools the first.

Sources: Henderson 1953, Biometrics 9; Satterthwaite 1946, Biometrics Bulletin 2; Fai and Cornelius
1996, Journal of Statistical Computation and Simulation 54; Brunner, Dette and Munk 1997, JASA 92.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.statistics.columns import NOTHING, span
from analysis.statistics.noise import Noise, joint_degrees, measure
from analysis.statistics.tails import f_above, f_quantile, t_above, t_quantile

Floats = NDArray[np.float64]
Why = Literal["inseparable", "few trials"]


@dataclass(frozen=True, kw_only=True, eq=False)
class TrialEffect:
    """What an axis does, the other axes adjusted for.

    Attributes:
        means: the score at each level or knot, the other axes at their average, (columns,).
        effects: the same around 0; differences of them are what the axis does, (columns,).
        separable: which combinations of levels the sweep can tell from the other axes; a projection
            onto them, (columns, columns).
        df1: degrees of freedom of the axis.
        f: of the pooled test.
        df2: of the pooled test's noise.
        p_pooled: one noise for all trials.
        p_own: each level its own noise.
        noise: for intervals.
    """

    means: Floats
    effects: Floats
    separable: Floats
    df1: int
    f: float
    df2: float
    p_pooled: float
    p_own: float
    noise: Noise

    @property
    def p(self) -> float:
        """The larger of both: the levels differ only where both tests say so."""
        return max(self.p_pooled, self.p_own)

    @property
    def whole(self) -> bool:
        """Whether every difference between levels can be told from the other axes."""
        return self.df1 == len(self.means) - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Contrasts:
    """Differences with simultaneous intervals; NaN where the sweep cannot separate one.

    Attributes:
        estimate: (contrasts,).
        low: (contrasts,).
        high: (contrasts,).
        p: of each alone, two-sided, (contrasts,).
    """

    estimate: Floats
    low: Floats
    high: Floats
    p: Floats


def trial_effect(
    scores: Floats,
    columns: Floats,
    others: Sequence[Floats],
    groups: Floats,
    *,
    floor: float = 0.0,
) -> TrialEffect | Why:
    """Fit and test one axis.

    Args:
        scores: of every trial and seed, (trials, seeds), two seeds at least.
        columns: the axis, summing to 1 in each row, (trials, columns).
        others: the other axes, each (trials, its columns).
        groups: trials that share a noise, as columns of 0 and 1, (trials, groups).
        floor: the least variance that a score can have, such as that of a small test set.

    Returns:
        Why there is none: the axis is made of the other ones, or no trial is left for the noise.
    """
    trials, seeds = scores.shape
    basis = span(np.hstack([np.ones((trials, 1)), *others]))
    left = columns - basis @ (basis.T @ columns)
    left -= basis @ (basis.T @ left)
    sizes, ways = np.linalg.eigh(left.T @ left)
    kept = sizes > NOTHING * max(1.0, float(np.max(np.sum(columns**2, axis=0))))
    if not kept.any():
        return "inseparable"
    sizes, ways = sizes[kept], ways[:, kept]
    coordinates = left @ ways / np.sqrt(sizes)  # (trials, df1), orthonormal
    spare = trials - basis.shape[1] - len(sizes)
    if spare < 1 or seeds < 2:
        return "few trials"
    noise = measure(scores, basis, coordinates, groups, sizes=sizes, ways=ways, floor=floor)
    effects = ways @ (noise.centre / np.sqrt(sizes))
    f, df2, p_pooled = _pooled(noise)
    return TrialEffect(
        means=scores.mean() + effects - float(columns.mean(axis=0) @ effects),
        effects=effects,
        separable=ways @ ways.T,
        df1=len(sizes),
        f=f,
        df2=df2,
        p_pooled=p_pooled,
        p_own=_own(noise),
        noise=noise,
    )


def contrasts(effect: TrialEffect, weights: Floats, *, family: int | None) -> Contrasts:
    """Differences of levels, with the wider of the pooled and the levels' own interval.

    Args:
        effect: a fitted axis.
        weights: of the levels or knots, each row summing to 0, (contrasts, columns).
        family: how many intervals must hold at once (Bonferroni); None for every combination that
            there is, also one chosen by the scores (Scheffe 1953, Biometrika 40).
    """
    estimate = weights @ effect.effects
    reach = np.zeros(len(weights))
    p = np.zeros(len(weights))
    for error, degrees in (effect.noise.pooled_error(weights), effect.noise.own_error(weights)):
        if family is None:
            factor = np.sqrt(effect.df1 * f_quantile(0.95, effect.df1, degrees))
        else:
            factor = -t_quantile(0.025 / max(1, family), degrees)
        reach = np.maximum(reach, factor * error)
        known = error**2 > effect.noise.rounding
        reach = np.maximum(reach, np.where(known, factor * error, np.inf))
        size = np.where(known, np.abs(estimate) / np.where(known, error, 1.0), 0.0)
        p = np.maximum(p, 2 * t_above(size, degrees))
    apart = np.abs(weights - weights @ effect.separable).max(axis=1) > 1e-6
    estimate, reach, p = (np.where(apart, np.nan, x) for x in (estimate, reach, p))
    return Contrasts(estimate=estimate, low=estimate - reach, high=estimate + reach, p=p)


def _pooled(noise: Noise) -> tuple[float, float, float]:
    variance, degrees = noise.pooled_variance()
    if not (variance > noise.rounding).all():
        return 0.0, 1.0, 1.0  # nothing varies: there is nothing to judge by
    f = float(np.mean(noise.centre**2 / variance))
    df2 = joint_degrees(degrees)
    return f, df2, float(f_above(f, len(degrees), df2))


def _own(noise: Noise) -> float:
    matrix, df2 = noise.own_matrix()
    total = float(np.trace(matrix))
    if total <= noise.rounding:
        return 1.0
    df1 = total**2 / float(np.sum(matrix**2))
    return float(f_above(float(noise.centre @ noise.centre) / total, df1, df2))
