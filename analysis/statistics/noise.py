"""The noise of an axis's effect, between trials and of level by seed: pooled or per level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CHUNK = 256

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Noise:
    """Variances of an axis in orthonormal coordinates, and their degrees of freedom.

    Attributes:
        seeds: number of seeds.
        centre: the axis's coordinates, averaged over seeds, (df1,).
        spread: the coordinates of each seed minus ``centre``, (df1, seeds).
        sizes: squared lengths of the axis's columns along the coordinates, (df1,).
        ways: directions of the coordinates in the space of levels, (columns, df1).
        trial: mean square between trials, on the scale of single scores.
        trial_degrees: degrees of freedom of ``trial``.
        inner: mean square within trials.
        own: variance of a trial's mean in each group, (groups,).
        own_inner: variance of a score within the trials of each group, (groups,).
        free: degrees of freedom of each group, (groups,).
        coordinates: coordinates of each trial; the columns are orthonormal, (trials, df1).
        groups: trials that share a noise variance, as columns of 0 and 1, (trials, groups).
        rounding: a variance up to this value counts as 0.
    """

    seeds: int
    centre: Floats
    spread: Floats
    sizes: Floats
    ways: Floats
    trial: float
    trial_degrees: int
    inner: float
    own: Floats
    own_inner: Floats
    free: Floats
    coordinates: Floats
    groups: Floats
    rounding: float

    def pooled_variance(self) -> tuple[Floats, Floats]:
        """The variance of each coordinate and its degrees of freedom, (df1,) each.

        The level-by-seed variance is never negative. It enters the degrees of freedom even where
        its estimate is 0, because two seeds may agree by chance.
        """
        seed, excess, degrees = self._by_seed()
        variance = self.trial + excess * self.sizes
        count = self.trial**2 / self.trial_degrees + (seed * self.sizes) ** 2 / degrees
        return variance / self.seeds, _divided(variance**2, count)

    def pooled_error(self, weights: Floats) -> tuple[Floats, Floats]:
        """Standard errors and degrees of freedom of contrasts of levels, (contrasts,) each."""
        seed, excess, degrees = self._by_seed()
        turned = (weights @ self.ways) ** 2
        across, along = turned @ (1 / self.sizes), turned.sum(axis=1)
        variance = self.trial * across + excess * along
        count = (self.trial * across) ** 2 / self.trial_degrees + (seed * along) ** 2 / degrees
        return np.sqrt(variance / self.seeds), _divided(variance**2, count)

    def own_matrix(self) -> tuple[Floats, float]:
        """Covariance of the coordinates, (df1, df1), and the degrees of freedom of its trace."""
        between = self._covariance(self.own)
        lengths = self.groups.T @ np.sum(self.coordinates**2, axis=1)
        inner = float(lengths @ self.own_inner) / self.seeds
        spread = self.spread @ self.spread.T / (self.seeds - 1) / self.seeds
        trial, seed = float(np.trace(between)), float(np.trace(spread))
        excess = max(0.0, seed - inner)
        count = float(np.sum((self.own * lengths) ** 2 / self.free))
        if seed > 0:
            count += float(np.sum(spread**2)) / (self.seeds - 1)
            between = between + spread * (excess / seed)
        return between, float(_divided(np.array((trial + excess) ** 2), np.array(count)))

    def own_error(self, weights: Floats) -> tuple[Floats, Floats]:
        """As ``pooled_error``, but from each level's own noise and each contrast's own seeds."""
        turned = weights @ self.ways / np.sqrt(self.sizes)  # (contrasts, df1)
        carried = np.concatenate([self._carried(turned[at]) for at in _chunks(len(turned))])
        trial, inner = carried @ self.own, carried @ self.own_inner / self.seeds
        seed = np.sum((turned @ self.spread) ** 2, axis=1) / (self.seeds - 1) / self.seeds
        variance = trial + np.maximum(0.0, seed - inner)
        count = (carried * self.own) ** 2 @ (1 / self.free) + seed**2 / (self.seeds - 1)
        return np.sqrt(variance), _divided(variance**2, count)

    def _covariance(self, variances: Floats) -> Floats:
        by_trial = self.groups @ variances
        covariance: Floats = (self.coordinates * by_trial[:, None]).T @ self.coordinates
        return covariance

    def _carried(self, turned: Floats) -> Floats:
        """The weight of each group's variance in each contrast, (contrasts, groups)."""
        carried: Floats = (((self.coordinates @ turned.T) ** 2).T) @ self.groups
        return carried

    def _by_seed(self) -> tuple[float, float, float]:
        """Level-by-seed variance as observed, the same without noise, the degrees of freedom."""
        degrees = self.spread.size - len(self.spread)
        scale = float(np.mean(self.sizes))
        seen = float(np.sum(self.spread**2)) / degrees
        return seen / scale, max(0.0, seen - self.inner) / scale, float(degrees)


def measure(
    scores: Floats,
    basis: Floats,
    coordinates: Floats,
    groups: Floats,
    *,
    sizes: Floats,
    ways: Floats,
    floor: float,
) -> Noise:
    """Estimate every variance that intervals and tests need.

    Args:
        scores: (trials, seeds).
        basis: orthonormal basis of the other axes, (trials, rank).
        coordinates: coordinates of the axis, orthonormal and orthogonal to ``basis``,
            (trials, df1).
        groups: trials that share a noise variance, (trials, groups).
        sizes: squared lengths of the axis's columns along the coordinates, (df1,).
        ways: directions of the coordinates in the space of levels, (columns, df1).
        floor: the least variance of a score.
    """
    trials, seeds = scores.shape
    both = np.hstack([basis, coordinates])
    residual = scores - both @ (both.T @ scores)
    between = residual.mean(axis=1)
    within = np.sum((residual - between[:, None]) ** 2, axis=1)
    spare = trials - both.shape[1]
    trial = max(seeds * float(between @ between) / spare, floor)
    inner = max(float(within.sum()) / (spare * (seeds - 1)), floor)
    free = groups.T @ np.clip(1 - np.sum(both**2, axis=1), 0.0, 1.0)
    alone = free < 1  # too few degrees of freedom for a variance of its own
    free = np.where(alone, 1.0, free)
    own = np.maximum(groups.T @ between**2 / free, floor / seeds)
    own_inner = np.maximum(groups.T @ within / free / (seeds - 1), floor)
    projected = coordinates.T @ scores
    centre = projected.mean(axis=1)
    return Noise(
        seeds=seeds,
        centre=centre,
        spread=projected - centre[:, None],
        sizes=sizes,
        ways=ways,
        trial=trial,
        trial_degrees=spare,
        inner=inner,
        own=np.where(alone, np.maximum(own, trial / seeds), own),
        own_inner=own_inner,
        free=free,
        coordinates=coordinates,
        groups=groups,
        rounding=(1e-12 * float(np.max(np.abs(scores)))) ** 2,
    )


def joint_degrees(degrees: Floats) -> float:
    """Denominator degrees of freedom of an F over several coordinates (Fai, Cornelius 1996)."""
    enough = degrees[degrees > 2]
    mean = float(np.sum(enough / (enough - 2)))
    if mean <= len(degrees):
        return float(np.min(degrees))
    return 2 * mean / (mean - len(degrees))


def _divided(square: Floats, count: Floats) -> Floats:
    """Satterthwaite's degrees of freedom, at least 1."""
    degrees: Floats = np.where(count > 0, square / np.where(count > 0, count, 1.0), 1.0)
    return np.maximum(degrees, 1.0)


def _chunks(count: int) -> list[slice]:
    """Slices of the contrasts: all at once would need a column of every trial for each contrast."""
    return [slice(at, at + CHUNK) for at in range(0, max(1, count), CHUNK)]
