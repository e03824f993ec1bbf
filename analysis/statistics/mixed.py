"""The effect of an axis in a random or TPE sweep: a mixed model of trials and seeds, closed-form.

score = axis + other axes + seed + trial + level by seed + noise, where trial, level by seed and
noise are random effects. Every trial has every seed, so the estimates need no optimiser: means
over seeds carry axis and trial, contrasts between seeds carry level by seed and noise (Henderson's
method 3: expected mean squares). The other axes are projected out of the axis. Each remaining
coordinate has variance (MS_trial + level by seed) / seeds, with Satterthwaite's degrees of freedom.

Two F tests follow, and the larger p-value counts. The first test pools the noise of all trials. The
second test lets each level have its own noise over trials and its own noise over seeds (ANOVA-type
statistic with Box's degrees of freedom), because a noisy level with few trials misleads the first.

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
    """The effect of an axis, adjusted for the other axes.

    Attributes:
        means: the score at each level or knot, with the other axes at their average, (columns,).
        effects: ``means`` minus a constant; only their differences have a meaning, (columns,).
        separable: projection onto the combinations of levels that the sweep can separate from the
            other axes, (columns, columns).
        df1: degrees of freedom of the axis.
        f: F of the pooled test.
        df2: degrees of freedom of the noise in the pooled test.
        p_pooled: p-value with one noise variance for all trials.
        p_own: p-value with a separate noise variance for each level.
        noise: the variances, from which intervals are computed.
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
        """The larger of both p-values: the levels differ only where both tests say so."""
        return max(self.p_pooled, self.p_own)

    @property
    def whole(self) -> bool:
        """Whether every difference between levels can be told from the other axes."""
        return self.df1 == len(self.means) - 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Contrasts:
    """Differences with simultaneous intervals; NaN where the sweep cannot separate a difference.

    Attributes:
        estimate: the differences, (contrasts,).
        low: lower ends of the intervals, (contrasts,).
        high: upper ends of the intervals, (contrasts,).
        p: two-sided p-value of each difference alone, (contrasts,).
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
        scores: scores of every trial and seed, (trials, seeds), at least two seeds.
        columns: the columns of the axis; each row sums to 1, (trials, columns).
        others: the other axes, each (trials, its columns).
        groups: trials that share a noise variance, as columns of 0 and 1, (trials, groups).
        floor: the least variance that a score can have, such as that of a small test set.

    Returns:
        the effect, or why there is none: the axis is a combination of the other axes
        (``inseparable``), or no trial or no second seed is left for the noise (``few trials``).
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
    """Differences of levels, with the wider of two intervals: by pooled noise, by own noise.

    Args:
        effect: a fitted axis.
        weights: weights of the levels or knots; each row sums to 0, (contrasts, columns).
        family: number of intervals that must hold simultaneously (Bonferroni); None for every
            possible contrast, even one chosen by the scores (Scheffe 1953, Biometrika 40).
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
        return 0.0, 1.0, 1.0  # nothing varies, so nothing can be tested
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
