"""The fitted surface: against scikit-learn's Gaussian process, and against its own definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern

from analysis.statistics.draws import draw
from analysis.statistics.kernel import apart, filled, log_kernel
from analysis.statistics.surrogate import (
    MEAN_VARIANCE,
    Problem,
    covariance,
    explained,
    fits,
    loss,
    problem,
    uncertain,
)
from analysis.statistics.whole_space import learn_space, two_samples

LEVELS = (0, 3)
THETA = np.array([-0.5, 0.2, 0.3, -2.0])


def trials(count: int = 30, seed: int = 0) -> Problem:
    rng = np.random.default_rng(seed)
    points = np.column_stack([rng.random(count), rng.integers(0, 3, count)]).astype(float)
    scores = np.sin(5 * points[:, 0]) + 0.5 * (points[:, 1] == 2) + 0.1 * rng.standard_normal(count)
    return problem(points, (scores - scores.mean()) / scores.std(), LEVELS, 0.01)


def test_one_number_has_scikit_learns_matern_kernel() -> None:
    x = np.random.default_rng(1).random(20)
    ours = np.exp(log_kernel(apart(x, x, 0), 0.4, 0))
    assert np.allclose(ours, Matern(length_scale=0.4, nu=1.5)(x[:, None]))


def test_choices_have_the_gaussian_kernel_of_their_one_hot_codes() -> None:
    codes = np.arange(4.0)
    ours = np.exp(log_kernel(apart(codes, codes, 4), 0.7, 4))
    assert np.allclose(ours, RBF(length_scale=0.7)(np.eye(4)))


def test_the_gradient_is_that_of_the_loss() -> None:
    data = trials()
    error = check_grad(lambda t: loss(t, data)[0], lambda t: loss(t, data)[1], THETA)
    assert error < 1e-4
    wrong = check_grad(lambda t: loss(t, data)[0], lambda t: 1.01 * loss(t, data)[1], THETA)
    assert wrong > 10 * error  # negative control


def test_drawn_functions_have_the_process_mean_and_spread() -> None:
    rng = np.random.default_rng(2)
    x = rng.random((25, 1))
    y = np.sin(6 * x[:, 0])
    y = (y - y.mean()) / y.std()
    theta = np.log([0.3, 1.5, 0.05])
    kernel = ConstantKernel(1.5) * Matern(length_scale=0.3, nu=1.5) + ConstantKernel(MEAN_VARIANCE)
    oracle = GaussianProcessRegressor(kernel, alpha=0.05, optimizer=None).fit(x, y)
    at = np.linspace(0, 1, 9)[:, None]
    mean, sd = oracle.predict(at, return_std=True)
    data = problem(x, y, (0,), 0.0)
    many = np.concatenate([draw(data, theta, 200, rng).at(at) for _ in range(5)], axis=1)
    assert np.allclose(many.mean(axis=1), mean, atol=0.03)
    assert np.allclose(many.std(axis=1), sd, atol=0.04)


def test_leaving_out_each_trial_is_what_explained_says() -> None:
    data = trials(count=14)
    total = covariance(data, THETA)
    missed = []
    for i in range(14):
        rest = np.delete(np.arange(14), i)
        weights = np.linalg.solve(total[np.ix_(rest, rest)], data.scores[rest])
        missed.append(data.scores[i] - total[i, rest] @ weights)
    expected = 1 - np.sum(np.square(missed)) / np.sum(data.scores**2)
    assert explained(data, THETA) == pytest.approx(expected)


def test_the_fit_is_an_optimum_and_its_neighbours_are_about_as_likely() -> None:
    data = trials()
    optima = fits(data)
    best = loss(optima[0], data)[0]
    rng = np.random.default_rng(3)
    assert all(loss(optima[0] + 0.3 * rng.standard_normal(4), data)[0] > best for _ in range(20))
    drawn = uncertain(optima, data, 40, rng)
    assert np.median([loss(theta, data)[0] for theta in drawn]) - best < 8
    assert loss(optima[0] + 4, data)[0] - best > 8  # negative control


def test_where_an_axis_has_an_effect_is_learned() -> None:
    rng = np.random.default_rng(4)
    points = np.column_stack([rng.integers(0, 3, 40), rng.random(40), rng.random(40)]).astype(float)
    points[points[:, 0] != 1, 1] = np.nan
    space = learn_space(points, (3, 0, 0))
    fresh, _ = two_samples((3, 0, 0), 64, 0)
    masked = space.masked(fresh)
    assert (np.isnan(masked[:, 1]) == (fresh[:, 0] != 1)).all()
    assert not np.isnan(masked[:, [0, 2]]).any()
    assert not np.isnan(filled(masked, (3, 0, 0))).any()


def test_the_whole_space_is_sampled_evenly() -> None:
    first, second = two_samples((0, 4), 256, 0)
    assert (np.bincount(first[:, 1].astype(int)) == 64).all()
    assert abs(first[:, 0].mean() - 0.5) < 0.01
    assert abs(np.corrcoef(first[:, 0], second[:, 0])[0, 1]) < 0.1
