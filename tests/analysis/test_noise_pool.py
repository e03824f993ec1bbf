"""The guarded pool against its definition, least squares and known variances."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.against import against
from analysis.statistics.pool import MOST_ARMS, differences, pool


def _table(arms: int, seeds: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (arms, seeds)) + rng.normal(0, 3, seeds) + rng.normal(0, 5, (arms, 1))


def test_a_full_table_is_centred_twice() -> None:
    y = _table(5, 4)
    residual = y - y.mean(1, keepdims=True) - y.mean(0) + y.mean()
    found = pool(y)
    assert found.df == 12
    assert found.variance == pytest.approx(np.sum(residual**2) / 12)
    assert found.means == pytest.approx(y.mean(1))


def test_holes_are_least_squares() -> None:
    y = _table(6, 5)
    y[1, 2] = y[1, 3] = y[4, 0] = np.nan
    arm, seed = np.nonzero(np.isfinite(y))
    design = np.hstack([np.eye(6)[arm], np.eye(5)[seed]])
    solution, _, rank, _ = np.linalg.lstsq(design, y[arm, seed], rcond=None)
    left = y[arm, seed] - design @ solution
    found = pool(y)
    assert found.df == len(arm) - rank
    assert found.variance == pytest.approx(np.sum(left**2) / found.df)
    apart = found.means - found.means[0]
    assert apart == pytest.approx(solution[:6] - solution[0])


def test_the_seeds_own_luck_does_not_count() -> None:
    y = _table(4, 5)
    luck = np.array([0, 100, -50, 7, 3.0])
    assert pool(y + luck).variance == pytest.approx(pool(y).variance)


def test_two_arms_are_a_paired_t_test() -> None:
    y = _table(2, 6)
    found = differences(pool(y), np.array([1]), np.array([0]))
    d = y[1] - y[0]
    assert found.errors[0] == pytest.approx(stats.sem(d))
    assert found.df[0] == 5


def test_grubbs_estimates_are_unbiased() -> None:
    rng = np.random.default_rng(1)
    sd = np.array([1.0, 1.0, 2.0, 5.0])
    own = [pool(sd[:, None] * rng.standard_normal((4, 6)) + 9).own for _ in range(1500)]
    # Negative estimates are cut at 0, which moves the small ones up.
    assert np.mean(own, axis=0)[2:] == pytest.approx(sd[2:] ** 2, rel=0.12)


def test_a_noisier_arm_brings_its_own_noise_and_seeds() -> None:
    y = _table(12, 5)
    y[11] = [0, 40, -35, 22, -30]
    found = differences(pool(y), np.arange(1, 12), np.zeros(11, int))
    assert found.df[10] < 5
    assert np.all(found.df[:10] > 10)
    assert found.variances[10] >= np.var(y[11] - y[0], ddof=1) * (1 - 1e-12)


def test_a_noisier_reference_does_so_in_every_comparison() -> None:
    y = _table(12, 5)
    y[0] = [0, 40, -35, 22, -30]
    found = differences(pool(y), np.arange(1, 12), np.zeros(11, int))
    assert np.all(found.df < 5)


def test_a_difference_is_never_surer_than_its_own_sample() -> None:
    for seed in range(50):
        y = _table(6, 4, seed)
        found = differences(pool(y), np.arange(1, 6), np.zeros(5, int))
        assert np.all(found.variances >= np.var(y[1:] - y[0], axis=1, ddof=1) * (1 - 1e-12))


def test_the_pool_counts_as_six_arms_at_most() -> None:
    found = differences(pool(_table(60, 3)), np.arange(1, 60), np.zeros(59, int))
    assert found.df.max() <= MOST_ARMS * 2


def test_what_knows_no_noise_says_nothing() -> None:
    alone = pool(np.array([[0.3, 0.4, 0.5]]))
    assert alone.variance == 0
    assert len(against(alone, 0).arms) == 0
    one_seed = against(pool(np.array([[0.1], [0.2], [0.9]])), 0)
    assert np.all(np.isinf(one_seed.half))
    assert not one_seed.decided.any()
