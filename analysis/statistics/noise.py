"""The noise of an axis's effect: between trials, and of level by seed, pooled or level by level."""

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
        seeds: how many.
        centre: the axis's coordinates, means over seeds, (df1,).
        spread: the same, seed by seed, around the centre, (df1, seeds).
        sizes: squared lengths of the axis's columns in these coordinates, (df1,).
        ways: from coordinates to levels, (columns, df1).
        trial: mean square between trials, of single scores.
        trial_degrees: its degrees of freedom.
        inner: mean square within trials.
        own: a trial mean's variance in each group, (groups,).
        own_inner: a score's variance within the trials of each group, (groups,).
        free: degrees of freedom of each group, (groups,).
        coordinates: of each trial, orthonormal columns, (trials, df1).
        groups: which trials share a noise, (trials, groups).
        rounding: variances below it are none.
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
        """Of each coordinate, with its degrees of freedom, (df1,) both.

        What the seeds add is never negative, and counts among the degrees of freedom even where
        it came out as none: two seeds may agree by chance.
        """
        seed, excess, degrees = self._by_seed()
        variance = self.trial + excess * self.sizes
        count = self.trial**2 / self.trial_degrees + (seed * self.sizes) ** 2 / degrees
        return variance / self.seeds, _divided(variance**2, count)

    def pooled_error(self, weights: Floats) -> tuple[Floats, Floats]:
        """Standard errors and degrees of freedom of contrasts of levels, (contrasts,) both."""
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
        """As ``pooled_error``, from the levels' own noise and the contrast's own seeds."""
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
        """How much of each contrast's variance the trials of each group carry."""
        carried: Floats = (((self.coordinates @ turned.T) ** 2).T) @ self.groups
        return carried

    def _by_seed(self) -> tuple[float, float, float]:
        """A level's variance over seeds as it was seen, without the noise, its degrees."""
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
    """Every variance that intervals and tests need.

    Args:
        scores: (trials, seeds).
        basis: of the other axes, orthonormal, (trials, rank).
        coordinates: of the axis, orthonormal and apart from the basis, (trials, df1).
        groups: trials that share a noise, (trials, groups).
        sizes: squared lengths of the axis's columns along the coordinates, (df1,).
        ways: from coordinates to levels, (columns, df1).
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
    alone = free < 1  # too little to know its own noise
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
    """One number of degrees of freedom for an F over several coordinates (Fai, Cornelius 1996)."""
    enough = degrees[degrees > 2]
    mean = float(np.sum(enough / (enough - 2)))
    if mean <= len(degrees):
        return float(np.min(degrees))
    return 2 * mean / (mean - len(degrees))


def _divided(square: Floats, count: Floats) -> Floats:
    """Satterthwaite's degrees of freedom, one at least."""
    degrees: Floats = np.where(count > 0, square / np.where(count > 0, count, 1.0), 1.0)
    return np.maximum(degrees, 1.0)


def _chunks(count: int) -> list[slice]:
    """All at once would take a column of every trial for every pair of levels."""
    return [slice(at, at + CHUNK) for at in range(0, max(1, count), CHUNK)]
