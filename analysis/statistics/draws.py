"""Functions drawn from a fitted Gaussian process; each function is one possible truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from analysis.statistics.kernel import (
    Floats,
    Levels,
    angle,
    apart,
    filled,
    frequencies,
    log_kernel,
)
from analysis.statistics.surrogate import MEAN_VARIANCE, Problem, covariance

FEATURES = 400


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The contribution of each axis at some points, so that a changed column is cheap.

    Only the contribution of that column is computed again.

    Attributes:
        points: (points, axes), no NaN.
        angles: for each axis, (points, features).
        logs: for each axis, the logarithm of its kernel, (points, trials).
        angle: sum of ``angles``.
        log: sum of ``logs``.
    """

    points: Floats
    angles: Sequence[Floats]
    logs: Sequence[Floats]
    angle: Floats
    log: Floats


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """``count`` functions over the space, all drawn with the same parameters.

    Each function is drawn from the prior and corrected at the trials (Matheron's rule; Wilson et
    al. 2020, "Efficiently sampling functions from Gaussian process posteriors", arXiv 2002.09309).
    """

    trials: Floats  # (n, axes)
    levels: Levels
    scales: Floats  # (axes,)
    size: float  # variance of the process
    bases: Sequence[Floats]  # frequencies of each axis
    phases: Floats  # (features,)
    weights: Floats  # (features, count)
    constants: Floats  # (count,)
    corrections: Floats  # (n, count)

    def parts(self, points: Floats) -> Parts:
        """The contributions at ``points``, (m, axes); NaN marks an axis without effect."""
        points = filled(points, self.levels)
        angles = [self._angle(points, k) for k in range(len(self.levels))]
        logs = [self._log(points, k) for k in range(len(self.levels))]
        return Parts(
            points=points,
            angles=angles,
            logs=logs,
            angle=np.sum(angles, axis=0),
            log=np.sum(logs, axis=0),
        )

    def at(self, points: Floats) -> Floats:
        """The functions at ``points``, (m, count)."""
        return self.of(self.parts(points))

    def of(self, parts: Parts) -> Floats:
        """The functions at the points of ``parts``."""
        return self._values(parts.angle, parts.log)

    def changed(self, parts: Parts, points: Floats) -> Floats:
        """The functions at points that differ from those of ``parts`` in a few columns."""
        points = filled(points, self.levels)
        angle, log = parts.angle, parts.log
        for k in map(int, np.flatnonzero(np.any(points != parts.points, axis=0))):
            angle = angle - parts.angles[k] + self._angle(points, k)
            log = log - parts.logs[k] + self._log(points, k)
        return self._values(angle, log)

    def at_trials(self) -> Floats:
        """The functions of the prior at the trials, before the correction."""
        angles = [self._angle(self.trials, k) for k in range(len(self.levels))]
        return self._prior(np.sum(angles, axis=0))

    def _angle(self, points: Floats, k: int) -> Floats:
        return angle(points[:, k], self.bases[k], self.levels[k])

    def _log(self, points: Floats, k: int) -> Floats:
        distance = apart(points[:, k], self.trials[:, k], self.levels[k])
        return log_kernel(distance, self.scales[k], self.levels[k])

    def _values(self, angle: Floats, log: Floats) -> Floats:
        kernel = self.size * np.exp(log) + MEAN_VARIANCE
        drawn: Floats = self._prior(angle) + kernel @ self.corrections
        return drawn

    def _prior(self, angle: Floats) -> Floats:
        waves = np.cos(angle + self.phases)
        waves *= np.sqrt(2 * self.size / len(self.phases))
        drawn: Floats = waves @ self.weights + self.constants
        return drawn


def draw(problem: Problem, theta: Floats, count: int, rng: np.random.Generator) -> Drawn:
    """``count`` functions of a process with the parameters ``theta``."""
    scales, size = np.exp(theta[:-2]), float(np.exp(theta[-2]))
    noise = problem.noise + float(np.exp(theta[-1]))
    trials = len(problem.scores)
    prior = Drawn(
        trials=problem.points,
        levels=problem.levels,
        scales=scales,
        size=size,
        bases=[
            frequencies(scale, levels, FEATURES, rng)
            for scale, levels in zip(scales, problem.levels, strict=True)
        ],
        phases=rng.uniform(0, 2 * np.pi, FEATURES),
        weights=rng.standard_normal((FEATURES, count)),
        constants=np.sqrt(MEAN_VARIANCE) * rng.standard_normal(count),
        corrections=np.zeros((trials, count)),
    )
    seen = prior.at_trials() + np.sqrt(noise) * rng.standard_normal((trials, count))
    factor = linalg.cho_factor(covariance(problem, theta), lower=True)
    corrections = linalg.cho_solve(factor, problem.scores[:, None] - seen)
    return Drawn(**{**vars(prior), "corrections": corrections})
