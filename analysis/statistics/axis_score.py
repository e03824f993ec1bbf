"""Does an axis matter at all? A score test against a process fitted without the axis."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from scipy import linalg

from analysis.statistics.kernel import Floats, log_kernel
from analysis.statistics.surrogate import Problem, correlation, covariance, fit
from analysis.statistics.tails import f_above

SHUFFLES = 999
SCALE = 0.3  # length scale of the axis that is tested
STEPS = 10


def axis_p_values(
    small: Problem,
    large: Problem,
    theta: Floats,
    by_seed: Floats,
    *,
    children: Sequence[Collection[int]],
    rng: np.random.Generator,
) -> list[float]:
    """The p-value of each axis under the hypothesis that it has no effect: the larger of two.

    The first test is over trials: the scores are whitened by the process that was fitted without
    the axis, and then permuted (a variance-component score test; Liu, Lin, Ghosh 2007,
    "Semiparametric regression of multidimensional genetic pathway data", Biometrics 63). The
    second test is over seeds: an F test of the same quadratic form, for the seeds' mean against
    the seeds' differences, with at most the degrees of freedom that these differences have.
    Trials that repeat one another mislead the first test. A sampler that favours a level misleads
    the second test.

    Args:
        small: trials to fit to.
        large: trials to test on.
        theta: parameters fitted with every axis.
        by_seed: scores, (trials of ``large``, seeds), in the units of ``large``, with the mean of
            each seed subtracted.
        children: for each axis, the axes that have an effect only at some of its values.
        rng: source of the permutations and of the values that replace absent ones.
    """
    kernels = [_trial_kernel(large, k) for k in range(len(large.levels))]
    every = np.sum(kernels, axis=0)
    p_values = []
    for axis, kernel in enumerate(kernels):
        start = np.delete(theta, axis)
        null = fit(small.without(axis, children[axis], rng), start, steps=STEPS)
        rest = large.without(axis, children[axis], rng)
        known = correlation(rest, null)
        lower = linalg.cholesky(covariance(rest, null, known), lower=True)
        pairs = (every - kernel) / np.sqrt(max(1, len(kernels) - 1))
        # the axis alone, times the fitted process, and times the sum of the other axes
        form = _whitened(kernel * (1 + known + pairs), lower)
        p = _dealt_p(linalg.solve_triangular(lower, large.scores, lower=True), form, rng)
        if by_seed.shape[1] > 1:
            p = max(p, _seeds_p(linalg.solve_triangular(lower, by_seed, lower=True), form))
        p_values.append(p)
    return p_values


def _trial_kernel(problem: Problem, axis: int) -> Floats:
    """The kernel that the axis would add to the process, centred over the trials."""
    kernel = np.exp(log_kernel(problem.distances[axis], SCALE, problem.levels[axis]))
    kernel = kernel - kernel.mean(axis=0)
    centred: Floats = kernel - kernel.mean(axis=1, keepdims=True)
    return centred


def _whitened(kernel: Floats, lower: Floats) -> Floats:
    half = linalg.solve_triangular(lower, kernel, lower=True)
    whitened: Floats = linalg.solve_triangular(lower, half.T, lower=True)
    return whitened


def _dealt_p(white: Floats, form: Floats, rng: np.random.Generator) -> float:
    shuffled = rng.permuted(np.broadcast_to(white, (SHUFFLES, len(white))), axis=1)
    sizes = np.einsum("ij,ij->i", shuffled @ form, shuffled)
    own = white @ form @ white
    return float((1 + np.sum(sizes >= own * (1 - 1e-9))) / (1 + SHUFFLES))


def _seeds_p(white: Floats, form: Floats) -> float:
    mean = white.mean(axis=1)
    seeds = white.shape[1]
    differences = white - mean[:, None]
    own = seeds * (mean @ form @ mean)
    between = differences.T @ form @ differences / (seeds - 1)
    noise = float(np.trace(between))
    if noise <= 0:
        return 0.0 if own > 0 else 1.0
    degrees = min(float(np.trace(form) ** 2 / np.sum(form**2)), _seen_degrees(between, seeds - 1))
    return float(f_above(own / noise, degrees, (seeds - 1) * degrees))


def _seen_degrees(between: Floats, n: int) -> float:
    """Box's degrees of freedom of the differences between seeds, estimated from n of them.

    The degrees of freedom are fewer where each seed prefers other levels. The estimate uses
    unbiased estimates of both traces (Huynh and Feldt 1976, "Estimation of the Box correction for
    degrees of freedom", J. Educ. Statist. 1). The result is never below the estimate of Greenhouse
    and Geisser, which is too small with few seeds.

    Args:
        between: the quadratic form of every two seeds' differences, divided by n, (seeds, seeds).
        n: number of seeds minus 1.
    """
    square, squares = float(np.trace(between)) ** 2, float(np.sum(between**2))
    least = square / squares
    if n < 2:
        return least
    spread = n**2 / ((n - 1) * (n + 2)) * (squares - square / n)
    return max(least, (square - 2 * spread / n) / spread) if spread > 0 else np.inf
