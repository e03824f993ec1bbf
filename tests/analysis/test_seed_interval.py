"""The mean over seeds, its interval, sign flips and Holm, against scipy and brute force."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from analysis.statistics.seed_interval import Interval, mean_interval
from analysis.statistics.sign_flips import sign_flip_p


@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_interval_equals_scipys(n: int) -> None:
    values = np.random.default_rng(n).normal(0.6, 0.1, n)
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    found = mean_interval(list(values))
    assert found is not None
    assert found.n == n
    assert found.mean == pytest.approx(values.mean())
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_one_seed_has_no_interval_and_none_has_no_mean() -> None:
    assert mean_interval([0.4]) == Interval(mean=0.4, low=None, high=None, n=1)
    assert mean_interval([]) is None


def test_interval_stays_within_the_metrics_range() -> None:
    found = mean_interval([0.2, 0.9, 1.0], bounds=(0.0, 1.0))
    assert found is not None
    assert found.high == 1.0
    free = mean_interval([0.2, 0.9, 1.0])
    assert free is not None
    assert free.high is not None
    assert free.high > 1.0  # without the range it would have left it


def _covers(interval: Interval, truth: float) -> bool:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low <= truth <= interval.high


@pytest.mark.parametrize("n", [3, 5, 8])
def test_intervals_cover_the_truth(n: int) -> None:
    """95 % intervals hold the true mean in 93 to 97 % of simulated arms."""
    rng = np.random.default_rng(n)
    covered = []
    for _ in range(3000):
        found = mean_interval(list(0.05 + rng.normal(0, 0.04, n)))
        assert found is not None
        covered.append(_covers(found, 0.05))
    assert 0.93 <= np.mean(covered) <= 0.97


def test_a_percentile_bootstrap_would_not_cover() -> None:
    """The negative control, and why the interval is Student's: five seeds are too few for it."""
    rng = np.random.default_rng(1)
    draws = rng.integers(0, 5, (400, 5))
    covered = []
    for _ in range(1500):
        d = 0.05 + rng.normal(0, 0.04, 5)
        low, high = np.quantile(d[draws].mean(1), [0.025, 0.975])
        covered.append(low <= 0.05 <= high)
    assert np.mean(covered) < 0.90


def _brute_force(d: list[float]) -> float:
    flips = list(itertools.product((1, -1), repeat=len(d)))
    as_far = [abs(math.fsum(s * x for s, x in zip(f, d, strict=True))) for f in flips]
    return sum(total >= as_far[0] * (1 - 1e-9) for total in as_far) / len(flips)


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        ([0.3, 0.2, 0.1], 2 / 8),  # only all plus and all minus reach 0.6
        ([0.3, 0.2, -0.1], 4 / 8),  # 0.4 is also reached by -0.3 -0.2 +0.1 and by 0.6 twice
        ([0.1, -0.1], 1.0),
    ],
)
def test_sign_flips_computable_on_paper(differences: list[float], expected: float) -> None:
    assert sign_flip_p(differences) == pytest.approx(expected)
    assert sign_flip_p(differences) == pytest.approx(_brute_force(differences))


@pytest.mark.parametrize("n", [5, 9])
def test_sign_flips_equal_brute_force_and_scipy(n: int) -> None:
    d = list(np.random.default_rng(n).normal(0.3, 0.5, n))
    oracle = stats.permutation_test((d,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert sign_flip_p(d) == pytest.approx(_brute_force(d))
    assert sign_flip_p(d) == pytest.approx(oracle.pvalue)


def test_sampled_flips_are_near_the_exact_ones_and_repeat() -> None:
    d = list(np.random.default_rng(2).normal(0.2, 0.4, 18))
    normal = stats.wilcoxon(d).pvalue  # another test of the same thing: the same ballpark
    assert sign_flip_p(d) == sign_flip_p(d)
    assert abs(sign_flip_p(d) - normal) < 0.05


def test_no_interval_is_narrower_than_its_test_set_resolves() -> None:
    """All 5000 answers right: the true rate may still be as low as Wilson's bound says."""
    found = mean_interval([1.0] * 5, bounds=(0.0, 1.0), sequences=1000)
    oracle = stats.binomtest(5000, 5000).proportion_ci(0.95, method="wilson")
    assert found is not None
    assert found.high == 1.0
    assert found.low == pytest.approx(oracle.low, abs=1e-5)
    blind = mean_interval([1.0] * 5, bounds=(0.0, 1.0))
    assert blind is not None
    assert blind.low == 1.0  # the negative control


@pytest.mark.parametrize("rate", [0.3, 0.8, 0.999])
def test_the_floor_covers_where_only_the_test_set_adds_noise(rate: float) -> None:
    """Also where the three seeds happen to agree; Student's alone has no width there."""
    rng = np.random.default_rng(4)
    covered = []
    for _ in range(1000):
        found = mean_interval(list(rng.binomial(256, rate, 3) / 256), sequences=256)
        assert found is not None
        covered.append(_covers(found, rate))
    assert np.mean(covered) >= 0.93
