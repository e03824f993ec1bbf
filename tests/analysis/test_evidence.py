"""Intervals, differences and corrections against scipy, brute force and simulated truth."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from analysis.evidence import (
    ALPHA,
    Interval,
    Paired,
    holm,
    mean_interval,
    paired,
    seeds_needed,
    sign_flip_p,
    t_p,
    verdict,
)


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


def _difference(rng: np.random.Generator, n: int, effect: float) -> Paired:
    common = rng.normal(0, 0.2, n)  # what a seed does to every arm
    reference = dict(enumerate(0.6 + common + rng.normal(0, 0.03, n)))
    arm = dict(enumerate(0.6 + effect + common + rng.normal(0, 0.03, n)))
    result = paired(arm, reference)
    assert result is not None
    return result


def _covers(interval: Interval, truth: float) -> bool:
    assert interval.low is not None
    assert interval.high is not None
    return interval.low <= truth <= interval.high


@pytest.mark.parametrize("n", [3, 5, 8])
def test_paired_intervals_cover_the_truth(n: int) -> None:
    """95 % intervals hold the true difference in 93 to 97 % of simulated sweeps."""
    rng = np.random.default_rng(n)
    covered = [_covers(_difference(rng, n, 0.05).difference, 0.05) for _ in range(3000)]
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


def test_pairing_takes_the_seeds_own_luck_out() -> None:
    rng = np.random.default_rng(0)
    result = _difference(rng, 8, 0.05)
    assert result.difference.low is not None
    assert result.difference.high is not None
    assert result.difference.high - result.difference.low < 0.15  # unpaired it would be about 0.4


def test_only_shared_seeds_are_compared() -> None:
    result = paired({0: 0.5, 1: 0.7, 9: 0.0}, {0: 0.4, 1: 0.4, 2: 0.9})
    assert result is not None
    assert result.by_seed == pytest.approx({0: 0.1, 1: 0.3})
    assert result.difference.n == 2
    assert result.effect_size == pytest.approx(0.2 / np.std([0.1, 0.3], ddof=1))
    assert paired({0: 0.5}, {1: 0.5}) is None


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


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_an_aa_table_calls_a_difference_in_at_most_five_percent_of_tables() -> None:
    rng = np.random.default_rng(5)
    called = 0
    for _ in range(300):
        results = [_difference(rng, 8, 0.0) for _ in range(4)]
        adjusted = holm([r.p for r in results])
        verdicts = [
            verdict(r, p, comparisons=4, maximize=True)
            for r, p in zip(results, adjusted, strict=True)
        ]
        called += any(v in ("better", "worse") for v in verdicts)
    assert called / 300 <= ALPHA + 0.025  # three standard errors of 300 tables


def test_a_real_difference_is_called() -> None:
    """The negative control of the A/A table."""
    rng = np.random.default_rng(6)
    results = [_difference(rng, 8, -0.2) for _ in range(4)]
    adjusted = holm([r.p for r in results])
    assert [
        verdict(r, p, comparisons=4, maximize=True) for r, p in zip(results, adjusted, strict=True)
    ] == ["worse"] * 4
    assert verdict(results[0], adjusted[0], comparisons=4, maximize=False) == "better"


def test_fewer_than_five_seeds_decide_nothing() -> None:
    result = paired({k: 0.9 + k / 1000 for k in range(4)}, dict.fromkeys(range(4), 0.1))
    assert result is not None
    assert verdict(result, 0.0, comparisons=1, maximize=True) == "undecided (n = 4 < 5 seeds)"


def test_no_difference_says_what_is_excluded() -> None:
    d = {0: 0.01, 1: -0.02, 2: 0.0, 3: 0.015, 4: -0.01}
    result = paired(d, dict.fromkeys(d, 0.0))
    assert result is not None
    text = verdict(result, 1.0, comparisons=1, maximize=True)
    expected = stats.ttest_1samp(list(d.values()), 0.0).confidence_interval(0.95)
    assert text == (
        f"no detectable difference; beyond ±{max(-expected.low, expected.high):.3f} excluded"
    )


def test_seeds_that_all_agree_exclude_nothing() -> None:
    same = dict.fromkeys(range(6), 1.0)
    result = paired(same, same, sequences=1000)
    assert result is not None
    assert result.difference.high == pytest.approx(1.96**2 / 6000, rel=1e-3)  # Wilson's at 0
    text = verdict(result, 1.0, comparisons=1, maximize=True)
    assert text == "no detectable difference; no seed differs, which excludes nothing"


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


@pytest.mark.parametrize("n", [2, 5, 9])
def test_the_p_value_of_an_interval_is_scipys(n: int) -> None:
    values = list(np.random.default_rng(n).normal(0.1, 0.2, n))
    found = mean_interval(values)
    assert found is not None
    assert t_p(found) == pytest.approx(stats.ttest_1samp(values, 0.0).pvalue)


@pytest.mark.parametrize(("comparisons", "expected"), [(1, 6), (4, 8), (11, 9)])
def test_seeds_needed(comparisons: int, expected: int) -> None:
    assert seeds_needed(comparisons) == expected
    assert comparisons * 2 / 2**expected <= ALPHA < comparisons * 2 / 2 ** (expected - 1)


def test_what_five_seeds_cannot_decide_is_undecided() -> None:
    result = paired({k: 0.9 + k / 1000 for k in range(5)}, dict.fromkeys(range(5), 0.1))
    assert result is not None
    assert result.p == pytest.approx(2 / 32)
    text = verdict(result, result.p, comparisons=1, maximize=True)
    assert text == "undecided (the interval excludes 0; 6 seeds could decide)"
