"""Does an axis matter at all? A score test against a process that does not know it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from scipy import linalg

from analysis.statistics.kernel import Floats, log_kernel
from analysis.statistics.surrogate import Problem, correlation, covariance, fit
from analysis.statistics.tails import f_above

SHUFFLES = 999
SCALE = 0.3  # length scale that an axis is given when it is tried
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
    """How often chance alone makes each axis matter as much; the larger of two p-values.

    Over trials: scores are whitened by the process that was fitted without the axis, and dealt
    out again (a variance-component score test; Liu, Lin, Ghosh 2007, "Semiparametric regression
    of multidimensional genetic pathway data", Biometrics 63). Over seeds: the same quadratic form
    of the seeds' mean against that of their differences, an F test with the degrees of freedom
    that these differences have. Trials that repeat one another fool the first, a sampler that
    favours a level the second.

    Args:
        small: trials to fit to.
        large: trials to test on.
        theta: parameters fitted with every axis.
        by_seed: (trials of ``large``, seeds), each seed's mean taken out, in units of ``large``.
        children: for each axis the axes whose effect depends on it.
        rng: deals out.
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
        # alone, together with what is known, together with any one other axis
        form = _whitened(kernel * (1 + known + pairs), lower)
        p = _dealt_p(linalg.solve_triangular(lower, large.scores, lower=True), form, rng)
        if by_seed.shape[1] > 1:
            p = max(p, _seeds_p(linalg.solve_triangular(lower, by_seed, lower=True), form))
        p_values.append(p)
    return p_values


def _trial_kernel(problem: Problem, axis: int) -> Floats:
    """What the axis would add: its kernel with its mean over the trials taken out."""
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
    """In how many ways the seeds differ, from n of them; fewer where each likes other levels.

    Box's degrees of freedom by unbiased estimates of both traces (Huynh and Feldt 1976,
    "Estimation of the Box correction for degrees of freedom", J. Educ. Statist. 1); never below
    Greenhouse and Geisser's, which are too few where seeds are few.

    Args:
        between: the quadratic form of every two seeds' differences over n, (seeds, seeds).
        n: seeds less one.
    """
    square, squares = float(np.trace(between)) ** 2, float(np.sum(between**2))
    least = square / squares
    if n < 2:
        return least
    spread = n**2 / ((n - 1) * (n + 2)) * (squares - square / n)
    return max(least, (square - 2 * spread / n) / spread) if spread > 0 else np.inf
