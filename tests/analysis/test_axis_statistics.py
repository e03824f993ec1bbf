"""The statistics of axes against statsmodels, mixedlm, scipy and formulas written another way."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.interpolate import CubicSpline

from analysis.statistics.columns import curve_columns, knots_of, level_columns, span
from analysis.statistics.correction import holm
from analysis.statistics.mixed import TrialEffect, contrasts, trial_effect
from analysis.statistics.pairs import grid_pairs, model_pairs
from analysis.statistics.repeated import repeated_measures, sphericity


def table(levels: int, seeds: int, *, number: int = 0) -> np.ndarray:
    rng = np.random.default_rng(number)
    noise = rng.normal(0, np.linspace(0.5, 2, levels)[:, None], (levels, seeds))
    return noise + rng.normal(size=seeds) + 0.4 * np.arange(levels)[:, None]


@pytest.mark.parametrize(("levels", "seeds"), [(2, 3), (4, 3), (3, 10), (6, 5)])
def test_the_f_of_repeated_measures_is_statsmodels(levels: int, seeds: int) -> None:
    from statsmodels.stats.anova import AnovaRM

    scores = table(levels, seeds)
    level, seed = np.indices(scores.shape)
    frame = pd.DataFrame({"y": scores.ravel(), "level": level.ravel(), "seed": seed.ravel()})
    expected = AnovaRM(frame, "y", "seed", within=["level"]).fit().anova_table.iloc[0]
    found = repeated_measures(scores)
    assert found.f == pytest.approx(expected["F Value"])
    assert (found.df1, found.df2) == (expected["Num DF"], expected["Den DF"])
    assert found.p_uncorrected == pytest.approx(expected["Pr > F"])
    assert found.p >= found.p_uncorrected or found.f < 1.5


def epsilon_of_covariance(scores: np.ndarray) -> float:
    """Greenhouse and Geisser's formula as textbooks print it, from the levels' covariance."""
    k = len(scores)
    s = np.cov(scores)
    diagonal, rows, grand = np.mean(np.diag(s)), s.mean(axis=1), s.mean()
    below = (k - 1) * (np.sum(s**2) - 2 * k * np.sum(rows**2) + k**2 * grand**2)
    return float(k**2 * (diagonal - grand) ** 2 / below)


@pytest.mark.parametrize(("levels", "seeds"), [(3, 4), (5, 3), (8, 3), (4, 12)])
def test_epsilon_is_the_textbooks(levels: int, seeds: int) -> None:
    scores = table(levels, seeds, number=seeds)
    found = repeated_measures(scores)
    assert found.epsilon == pytest.approx(epsilon_of_covariance(scores))
    assert 1 / (levels - 1) - 1e-9 <= found.epsilon <= 1


def test_epsilon_is_one_for_even_noise_and_least_where_one_level_has_it_all() -> None:
    even = np.array([[1.0, -1.0, 0.0], [-0.5, -0.5, 1.0]])  # spans every difference of 3 levels
    lengths = even / np.linalg.norm(even, axis=1, keepdims=True)
    assert sphericity(lengths.T, 2) == pytest.approx(1.0)
    alone = np.zeros((4, 5))
    alone[0] = np.random.default_rng(0).normal(size=5)
    assert repeated_measures(alone).epsilon == pytest.approx(1 / 3)


def test_two_levels_are_a_paired_t_test() -> None:
    scores = table(2, 6)
    expected = stats.ttest_rel(scores[1], scores[0])
    interval = expected.confidence_interval(0.95)
    (pair,) = grid_pairs(scores)
    assert repeated_measures(scores).p == pytest.approx(expected.pvalue)
    assert pair.p_holm == pytest.approx(expected.pvalue)
    assert (pair.low, pair.high) == pytest.approx((interval.low, interval.high))


def test_no_pair_is_taken_to_be_less_noisy_than_it_was() -> None:
    scores = table(5, 4)
    reach = stats.t.isf(0.025, 3)
    for pair in grid_pairs(scores):
        d = scores[pair.first] - scores[pair.second]
        assert pair.low is not None
        assert pair.difference is not None
        # its own t interval at the level of one comparison with its own noise would be narrower
        assert pair.difference - pair.low >= 0.8 * stats.sem(d) * min(reach, 3.0)


def test_scores_without_any_noise_decide_nothing() -> None:
    flat = np.repeat([[0.0], [1.0], [2.0]], 3, axis=1)
    assert repeated_measures(flat).p == 1.0
    assert not any(pair.apart for pair in grid_pairs(flat))
    assert repeated_measures(flat, floor=1e-6).p < 1e-4  # its test set has a known resolution
    assert all(pair.apart for pair in grid_pairs(flat, floor=1e-6))


def sweep(trials: int = 48, seeds: int = 5, *, drift: float = 0.5) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(3)
    axis = np.arange(trials) % 2
    other = np.arange(trials) // 2 % 3
    by_level = drift * rng.normal(size=(2, seeds))
    scores = 0.8 * axis[:, None] + other[:, None] + rng.normal(size=(trials, 1))
    return axis, other, scores + by_level[axis] + 0.7 * rng.normal(size=(trials, seeds))


def effect_of(axis: np.ndarray, other: np.ndarray, scores: np.ndarray) -> TrialEffect:
    columns = level_columns(axis, int(axis.max()) + 1)
    found = trial_effect(scores, columns, [level_columns(other, int(other.max()) + 1)], columns)
    assert isinstance(found, TrialEffect)
    return found


def test_the_mixed_model_is_mixedlms() -> None:
    """Estimate, standard error, degrees of freedom and p, where no variance is at its border."""
    import mixedlm

    axis, other, scores = sweep()
    trial, seed = np.indices(scores.shape)
    frame = pd.DataFrame({"y": scores.ravel(), "t": trial.ravel(), "s": seed.ravel()}).astype(
        {"t": str, "s": str}
    )
    frame["a"], frame["o"] = axis[trial.ravel()].astype(str), other[trial.ravel()].astype(str)
    frame["a_s"] = frame.a + "_" + frame.s
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = mixedlm.lmer("y ~ a + o + s + (1|t) + (1|a_s)", frame)
    at = list(fit.fixef()).index("a.1")
    se = float(np.sqrt(np.asarray(fit.vcov())[at, at]))
    df = mixedlm.satterthwaite_df(fit).df[at]
    found = effect_of(axis, other, scores)
    error, degrees = found.noise.pooled_error(np.array([[-1.0, 1.0]]))
    assert found.effects[1] - found.effects[0] == pytest.approx(fit.fixef()["a.1"], abs=1e-6)
    assert error[0] == pytest.approx(se, rel=1e-3)
    assert degrees[0] == pytest.approx(df, rel=0.02)
    assert found.p_pooled == pytest.approx(2 * stats.t.sf(np.sqrt(found.f), df), rel=0.02)


def test_adjusted_means_are_those_of_least_squares() -> None:
    axis, other, scores = sweep(31)
    rng = np.random.default_rng(0)
    axis = rng.integers(4, size=31)
    found = effect_of(axis, other, scores)
    design = np.hstack([level_columns(axis, 4), level_columns(other, 3)[:, 1:]])
    beta = np.linalg.lstsq(design, scores.mean(axis=1), rcond=None)[0]
    expected = beta[:4] + level_columns(other, 3)[:, 1:].mean(axis=0) @ beta[4:]
    assert found.means == pytest.approx(expected)


def test_without_noise_of_seeds_the_joint_test_is_the_f_test_of_two_models() -> None:
    axis, other, scores = sweep(40, drift=0.0)
    axis = np.random.default_rng(1).integers(4, size=40)
    means = np.repeat(scores.mean(axis=1, keepdims=True), 3, axis=1)  # seeds that all agree
    found = effect_of(axis, other, means)
    without = np.hstack([np.ones((40, 1)), level_columns(other, 3)])
    full = np.hstack([without, level_columns(axis, 4)])
    rest = [float(np.sum((means[:, 0] - (b := span(d)) @ (b.T @ means[:, 0])) ** 2))
            for d in (without, full)]  # fmt: skip
    f = (rest[0] - rest[1]) / 3 / (rest[1] / (40 - 6))
    assert found.f == pytest.approx(f)
    assert found.p_pooled == pytest.approx(stats.f.sf(f, 3, 34))


def test_an_axis_that_is_made_of_another_is_inseparable() -> None:
    _, other, scores = sweep()
    same = level_columns(other, 3)
    assert trial_effect(scores, same, [same], same) == "inseparable"
    merged = level_columns((other > 0).astype(int), 2)
    assert trial_effect(scores, merged, [same], merged) == "inseparable"
    assert isinstance(trial_effect(scores, same, [merged], same), TrialEffect)  # 1 against 2


def test_a_level_tried_only_beside_one_level_of_another_axis_is_not_compared() -> None:
    axis, other, scores = sweep()
    both = np.where(other == 2, 2, axis)  # its third level stands only where the other's does
    found = effect_of(both, other, scores)
    assert not found.whole
    known = {(p.first, p.second): p.difference is not None for p in model_pairs(found)}
    assert known == {(1, 0): True, (2, 0): False, (2, 1): False}


def test_a_noisy_level_that_was_seldom_tried_does_not_fool_the_test() -> None:
    """Negative control: the test that pools the noise of all trials is fooled."""
    rng = np.random.default_rng(5)
    pooled, own = [], []
    for _ in range(150):
        axis = np.repeat([0, 1, 2], [4, 18, 18])
        noise = np.where(axis == 0, 5.0, 1.0)[:, None]
        scores = noise * (rng.normal(size=(40, 1)) + rng.normal(size=(40, 3)))
        found = effect_of(axis, rng.integers(3, size=40), scores)
        pooled.append(found.p_pooled <= 0.05)
        own.append(found.p <= 0.05)
    assert np.mean(pooled) > 0.2
    assert np.mean(own) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)


@pytest.mark.parametrize("family", [1, 10, None])
def test_intervals_of_a_mixed_model_grow_with_what_they_must_hold(family: int | None) -> None:
    axis, other, scores = sweep()
    found = effect_of(other, axis, scores)
    weights = np.array([[1.0, -1.0, 0.0]])
    alone = contrasts(found, weights, family=1)
    here = contrasts(found, weights, family=family)
    assert here.estimate == pytest.approx(alone.estimate)
    assert here.high[0] >= alone.high[0]
    assert (alone.p[0] <= 0.05) == (alone.low[0] > 0 or alone.high[0] < 0)


@pytest.mark.parametrize("knots", [2, 3, 4])
def test_curves_are_natural_splines(knots: int) -> None:
    values = np.sort(np.random.default_rng(knots).uniform(-4, -1, 7 * knots))
    at = knots_of(values)
    assert len(at) == knots
    columns = curve_columns(values, at)
    assert columns.sum(axis=1) == pytest.approx(1.0)
    heights = np.random.default_rng(0).normal(size=knots)
    if knots > 2:
        expected = CubicSpline(at, heights, bc_type="natural")(values)
    else:
        expected = np.interp(values, at, heights)
    assert columns @ heights == pytest.approx(expected)


def test_holm_is_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p = list(np.random.default_rng(0).uniform(size=9) ** 3)
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])
    assert holm([]) == []
