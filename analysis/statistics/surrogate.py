"""A Gaussian process fitted to trials: what the score is likely to be anywhere in the space.

The process assumes nothing about where the trials lie. Where a sampler tried few points, the
process has a large posterior variance.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize

from analysis.statistics.kernel import Floats, Levels, apart, filled, log_kernel, log_slope

PRIOR_SCALE = (1.2, 1.2)  # mean and sd of a length scale's logarithm; the range is 1
PRIOR_SIZE = (1.0, 2.0)  # the same of the log process variance; the scores' variance is 1
PRIOR_NOISE = (float(np.log(0.01)), 2.0)  # the same of the log trial variance
BOUNDS = ((-3.0, 6.0), (-4.0, 6.0), (-14.0, 2.0))
MEAN_VARIANCE = 1.0  # prior variance of the constant
STARTS = (1.2, -1.0)  # log scales to start from: each axis acts alone, or all act together
START_NOISE = float(np.log(0.05))
SAME_LOSS = 1e-3  # two optima whose losses differ by no more count as one
MOST_STEPS = 60


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Trials as the process sees them.

    Attributes:
        points: (n, axes), no NaN; see ``kernel``.
        scores: (n,), standardised.
        levels: see ``kernel``.
        noise: known variance of a score, in units of the scores' variance.
        absent: (n, axes), true where an axis has no effect.
        distances: (n, n) for each axis.
    """

    points: Floats
    scores: Floats
    levels: Levels
    noise: float
    absent: NDArray[np.bool_]
    distances: Sequence[Floats]

    def without(self, axis: int, children: Collection[int], rng: np.random.Generator) -> Problem:
        """The same trials with one axis left out.

        Where a child axis has no effect, it reveals the value of its parent. With the parent left
        out, the absent values of ``children`` are therefore replaced by random values.
        """
        keep = [k for k in range(len(self.levels)) if k != axis]
        points, distances = self.points.copy(), list(self.distances)
        for k in children:
            count, absent = self.levels[k], self.absent[:, k]
            size = int(absent.sum())
            points[absent, k] = rng.integers(0, count, size) if count else rng.random(size)
            distances[k] = apart(points[:, k], points[:, k], count)
        return Problem(
            points=points[:, keep],
            scores=self.scores,
            levels=[self.levels[k] for k in keep],
            noise=self.noise,
            absent=self.absent[:, keep],
            distances=[distances[k] for k in keep],
        )


def problem(points: Floats, scores: Floats, levels: Levels, noise: float) -> Problem:
    """Trials with their distances.

    Args:
        points: (n, axes); NaN where an axis has no effect.
        scores: (n,), mean 0 and variance 1.
        levels: see ``kernel``.
        noise: variance of a score, as far as it is known in advance.
    """
    absent, points = np.isnan(points), filled(points, levels)
    columns = zip(points.T, levels, strict=True)
    return Problem(
        points=points,
        scores=scores,
        levels=levels,
        noise=noise,
        absent=absent,
        distances=[apart(column, column, count) for column, count in columns],
    )


def correlation(problem: Problem, theta: Floats) -> Floats:
    """The process' correlation between the trials, (n, n)."""
    scales = np.exp(theta[:-2])
    logs = np.zeros_like(problem.scores[:, None] * problem.scores)
    for distance, scale, count in zip(problem.distances, scales, problem.levels, strict=True):
        logs += log_kernel(distance, scale, count)
    result: Floats = np.exp(logs)
    return result


def covariance(problem: Problem, theta: Floats, known: Floats | None = None) -> Floats:
    """The covariance of the scores, (n, n): process, constant, noise.

    Args:
        problem: the trials.
        theta: parameters.
        known: their ``correlation``, where it has been computed.
    """
    known = correlation(problem, theta) if known is None else known
    added = np.eye(len(problem.scores)) * (problem.noise + np.exp(theta[-1]))
    total: Floats = np.exp(theta[-2]) * known + MEAN_VARIANCE + added
    return total


def fit(problem: Problem, start: Floats, *, steps: int = MOST_STEPS) -> Floats:
    """The parameters of largest posterior density near ``start``.

    The parameters are logarithms, in this order: of the axes' length scales, of the process'
    variance, of the trials' variance.

    Args:
        problem: the trials.
        start: parameters to start from.
        steps: most steps of the optimiser.
    """
    axes = len(problem.levels)
    found = optimize.minimize(
        loss,
        start,
        args=(problem,),
        jac=True,
        method="L-BFGS-B",
        bounds=[BOUNDS[0]] * axes + [BOUNDS[1], BOUNDS[2]],
        options={"maxiter": steps},
    )
    theta: Floats = found.x
    return theta


def fits(problem: Problem) -> list[Floats]:
    """The different optima that are found from ``STARTS``, the best one first."""
    axes = len(problem.levels)
    starts = [np.array([start] * axes + [PRIOR_SIZE[0], START_NOISE]) for start in STARTS]
    found = sorted((fit(problem, start) for start in starts), key=lambda t: loss(t, problem)[0])
    losses = [loss(theta, problem)[0] for theta in found]
    return found if losses[1] - losses[0] > SAME_LOSS else found[:1]


def loss(theta: Floats, problem: Problem) -> tuple[float, Floats]:
    """Minus the logarithm of likelihood times prior, and its gradient.

    Rasmussen, Williams (2006), eq. 5.8 and 5.9. The priors keep the length scale of an axis
    without effect within a meaningful range.
    """
    kernel = np.exp(theta[-2]) * correlation(problem, theta)
    spread = problem.noise + np.exp(theta[-1])
    lower = linalg.cholesky(
        kernel + MEAN_VARIANCE + spread * np.eye(len(kernel)), lower=True, check_finite=False
    )
    inverse = _inverse(lower)
    weights = inverse @ problem.scores
    pull = np.outer(weights, weights) - inverse
    by_kernel = pull * kernel
    scales = np.exp(theta[:-2])
    slopes = [
        np.vdot(by_kernel, log_slope(distance, scale, count))
        for distance, scale, count in zip(problem.distances, scales, problem.levels, strict=True)
    ]
    slopes += [by_kernel.sum(), np.exp(theta[-1]) * np.trace(pull)]
    value = 0.5 * problem.scores @ weights + np.log(np.diag(lower)).sum()
    away, width = _prior(theta)
    return float(value + 0.5 * away @ away), -0.5 * np.array(slopes) + away / width


def _prior(theta: Floats) -> tuple[Floats, Floats]:
    """Distance of each parameter from its prior mean in standard deviations, and the latter."""
    priors = np.array([PRIOR_SCALE] * (len(theta) - 2) + [PRIOR_SIZE, PRIOR_NOISE])
    return (theta - priors[:, 0]) / priors[:, 1], priors[:, 1]


def _inverse(lower: Floats) -> Floats:
    """The inverse of a matrix from its Cholesky factor."""
    half, _ = linalg.lapack.dpotri(lower, lower=1)
    half = np.tril(half)
    inverse: Floats = half + np.tril(half, -1).T
    return inverse


def uncertain(
    optima: Sequence[Floats], problem: Problem, count: int, rng: np.random.Generator
) -> list[Floats]:
    """Parameters drawn from an approximate posterior.

    Around each optimum the posterior is approximated by a normal distribution of the same curvature
    (Laplace), with a standard deviation of at most 2 in each direction. An optimum is drawn with a
    probability proportional to its evidence.
    """
    shapes = [linalg.eigh(_curvature(theta, problem)) for theta in optima]
    sizes = [np.maximum(size, 0.25) for size, _ in shapes]
    evidence = np.array(
        [
            -loss(theta, problem)[0] - 0.5 * np.log(size).sum()
            for theta, size in zip(optima, sizes, strict=True)
        ]
    )
    shares = np.exp(evidence - evidence.max())
    ends = np.array([BOUNDS[0]] * len(problem.levels) + [BOUNDS[1], BOUNDS[2]])
    drawn = []
    for k in rng.choice(len(optima), count, p=shares / shares.sum()):
        normal = rng.standard_normal(len(sizes[k])) / np.sqrt(sizes[k])
        drawn.append(np.clip(optima[k] + shapes[k][1] @ normal, ends[:, 0], ends[:, 1]))
    return drawn


def _curvature(theta: Floats, problem: Problem) -> Floats:
    """The second derivatives of ``loss``, by central differences of its gradient."""
    step = 1e-3
    rows = []
    for i in range(len(theta)):
        shift = np.zeros(len(theta))
        shift[i] = step
        slopes = loss(theta + shift, problem)[1] - loss(theta - shift, problem)[1]
        rows.append(slopes / (2 * step))
    curvature = np.array(rows)
    symmetric: Floats = (curvature + curvature.T) / 2
    return symmetric


def explained(problem: Problem, theta: Floats) -> float:
    """The share of the scores' variance that the process predicts for trials it did not see.

    Each trial is left out in turn (Rasmussen, Williams 2006, eq. 5.10 to 5.12). A share below 0
    means that the process predicts worse than the mean.
    """
    inverse = _inverse(linalg.cholesky(covariance(problem, theta), lower=True))
    missed = (inverse @ problem.scores) / np.diag(inverse)
    return float(1 - missed @ missed / (problem.scores @ problem.scores))
