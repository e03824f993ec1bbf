"""Importances: they cover, rank what is there, and refuse where nothing is."""

from __future__ import annotations

import warnings
from typing import cast

import numpy as np
import pytest
from importance_worlds import FUNCTIONS, LEVELS, World, draw_sweep, true_shares
from scipy import stats

from analysis.statistics.axis_score import _seeds_p
from analysis.statistics.draws import Drawn
from analysis.statistics.importance import Importance, importances, seed_noise, total_shares
from analysis.statistics.kernel import Floats
from analysis.statistics.surrogate import problem
from analysis.statistics.whole_space import learn_space


@pytest.fixture(autouse=True)
def _few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.statistics.importance.PARAMETER_DRAWS", 4)
    monkeypatch.setattr("analysis.statistics.importance.POINTS", 128)
    monkeypatch.setattr("analysis.statistics.axis_score.SHUFFLES", 399)


def studied(
    world: World, sweeps: int
) -> tuple[Floats, Floats, Floats, Floats, list[tuple[Importance, ...]]]:
    found = [importances(*draw_sweep(world, seed), LEVELS).axes for seed in range(sweeps)]
    low, share, high, detectable = (
        np.array([[getattr(axis, name) for axis in axes] for axes in found], dtype=float)
        for name in ("low", "share", "high", "detectable")
    )
    return low, share, high, detectable, found


class Exact:
    """Functions whose Sobol' indices are known, where drawn ones are expected."""

    def parts(self, points: Floats) -> Floats:
        return points

    def of(self, points: Floats) -> Floats:
        a, b, c = (2 * points - 1).T
        return np.column_stack([a + 2 * b, a * b, c**3])

    def changed(self, parts: Floats, points: Floats) -> Floats:
        return self.of(points)


def test_total_shares_are_sobols() -> None:
    space = importances(*draw_sweep(World(function="nothing", trials=10), 0), LEVELS).space
    space = type(space)(levels=(0, 0, 0), alive={})
    found = total_shares(cast(Drawn, Exact()), space, 0, count=1024)
    assert np.allclose(found, np.array([[0.2, 1, 0], [0.8, 1, 0], [0, 0, 1]]), atol=0.03)


class Pair(Exact):
    """Where drawn functions are expected: what the world ``pair`` does, alone."""

    def at(self, points: Floats) -> Floats:
        return FUNCTIONS["pair"](points)[:, None]


def test_a_complete_grid_is_the_whole_space() -> None:
    """Its shares are those of its points, not of the points between them; truth by Monte Carlo."""
    grid, _ = draw_sweep(World(function="pair", sampler="grid"), 0)
    shuffled = np.repeat(np.random.default_rng(0).permutation(grid), 2, axis=0)
    space = learn_space(shuffled, LEVELS)
    found = total_shares(cast(Drawn, Pair()), space, 0)[:, 0]
    assert np.allclose(found, true_shares("pair", "grid"), atol=0.02)
    assert not np.allclose(found, true_shares("pair"), atol=0.05)  # negative control: all between
    assert learn_space(grid[1:], LEVELS).grid is None  # one of its points is missing


def test_intervals_cover_and_the_strongest_axis_is_first() -> None:
    world = World(function="additive")
    truth = true_shares("additive")
    low, _, high, called, found = studied(world, 10)
    covered = (low <= truth + 1e-9) & (truth <= high + 1e-9)
    assert covered.mean() >= 0.9
    assert called[:, truth > 0].mean() > 0.9
    assert called[:, truth == 0].any(axis=1).mean() <= 0.05 + 0.21  # three standard errors of 10
    assert {axes[0].rank for axes in found} <= {1, None}
    shifted = np.roll(truth, 1)  # negative control: another truth is not covered
    assert ((low <= shifted) & (shifted <= high)).mean() < 0.6


def test_a_sampler_that_concentrates_changes_no_share() -> None:
    """TPE tries one end; PED-ANOVA against its own samples gave the true axis .03 of 1."""
    from optuna import create_study
    from optuna.distributions import BaseDistribution, FloatDistribution
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
    from optuna.trial import create_trial

    world = World(function="additive", sampler="tpe", trials=60, noise=0.3)
    points, scores = draw_sweep(world, 1)
    truth = true_shares("additive")
    found = importances(points, scores, LEVELS).axes
    assert all(
        axis.low <= t + 1e-9 and t <= axis.high for axis, t in zip(found, truth, strict=True)
    )
    assert found[0].detectable
    study = create_study(direction="maximize")
    for point, score in zip(points, scores.mean(axis=1), strict=True):
        values = {f"x{k}": float(v) for k, v in enumerate(point)}
        spaces: dict[str, BaseDistribution] = {
            f"x{k}": FloatDistribution(0, max(1, n)) for k, n in enumerate(LEVELS)
        }
        study.add_trial(create_trial(params=values, distributions=spaces, value=float(score)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    assert abs(old["x0"] - truth[0]) > abs(found[0].share - truth[0])  # negative control


def test_noise_is_refused() -> None:
    """Sixteen sweeps in which nothing matters, half of them by TPE: no rank, hardly any call."""
    calls = []
    for sampler in ("random", "tpe"):
        world = World(function="nothing", sampler=sampler, trials=24)
        low, _, _, called, found = studied(world, 8)
        calls += [bool(axes.any()) for axes in called]
        assert (low[called == 0] == 0).all()
        assert all(axis.rank is None for axes in found for axis in axes if not axis.detectable)
    assert np.mean(calls) <= 0.05 + 0.17  # three standard errors of 16 sweeps


def test_shares_alone_would_rank_noise() -> None:
    """Negative control: over noise some axis always has a large share."""
    _, share, _, _, _ = studied(World(function="nothing", trials=24), 3)
    assert share.max(axis=1).mean() > 0.2


def test_a_seeds_own_liking_for_a_choice_is_no_evidence() -> None:
    """Each choice of axis 4 changes each seed's luck: over trials alone that is a finding."""
    world = World(function="nothing", trials=60, seeds=5, noise=0.1, kind="luck")
    _, _, _, called, _ = studied(world, 5)
    assert called[:, 4].mean() <= 0.2
    fooled = [
        importances(points, scores.mean(axis=1, keepdims=True), LEVELS).axes[4].detectable
        for points, scores in (draw_sweep(world, seed) for seed in range(4))
    ]
    assert np.mean(fooled) > 0.6  # without the seeds it would be called


def test_where_each_seed_likes_other_choices_fewer_degrees_of_freedom_are_left() -> None:
    """Three groups of trials that each seed likes in its own way, beside a little noise."""
    rng = np.random.default_rng(0)
    groups = np.eye(3)[rng.integers(3, size=60)]
    near = np.exp(-3 * np.abs(rng.random((60, 1)) - rng.random(60)))
    form = groups @ groups.T + 0.1 * near @ near.T
    form -= form.mean(axis=0)
    form -= form.mean(axis=1, keepdims=True)
    alarms, kernels_own = [], []
    for _ in range(600):
        scores = groups @ rng.standard_normal((3, 5)) + 0.5 * rng.standard_normal((60, 5))
        alarms.append(_seeds_p(scores, form) <= 0.05)
        mean = scores.mean(axis=1)
        apart = scores - mean[:, None]
        ratio = 5 * mean @ form @ mean / (np.einsum("is,ij,js->", apart, form, apart) / 4)
        degrees = np.trace(form) ** 2 / np.sum(form**2)
        kernels_own.append(stats.f.sf(ratio, degrees, 4 * degrees) <= 0.05)
    assert np.mean(alarms) <= 0.068
    assert np.mean(kernels_own) > 0.068, np.mean(kernels_own)  # negative control


def test_a_pair_that_does_nothing_alone_is_found() -> None:
    points, scores = draw_sweep(World(function="pair", trials=120, noise=0.2), 0)
    found = importances(points, scores, LEVELS).axes
    truth = true_shares("pair")
    assert found[0].detectable
    assert found[1].detectable
    assert abs(found[0].share - truth[0]) < 0.15


def test_a_conditional_axis_counts_where_it_has_an_effect() -> None:
    world = World(function="conditional", trials=100, noise=0.2)
    truth = true_shares("conditional")
    assert truth[2] > truth[3] > 0  # its parent switches it: it has the larger part
    points, scores = draw_sweep(world, 0)
    found = importances(points, scores, LEVELS).axes
    for k in (0, 2, 3):
        assert found[k].low <= truth[k] <= found[k].high
        assert found[k].detectable


def test_it_repeats_to_the_last_digit_and_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    sweep = draw_sweep(World(function="additive", trials=20), 0)
    assert importances(*sweep, LEVELS).axes == importances(*sweep, LEVELS).axes
    assert capfd.readouterr() == ("", "")


def test_of_very_many_trials_some_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.statistics.importance.MOST_USED", 60)
    monkeypatch.setattr("analysis.statistics.importance.MOST_FITTED", 40)
    found = importances(*draw_sweep(World(function="additive", trials=2000), 0), LEVELS)
    assert found.used == 60
    assert len(found.drawn[0].trials) == 60


def test_noise_of_the_seeds_is_pooled_over_trials() -> None:
    rng = np.random.default_rng(0)
    luck, effect = rng.normal(0, 5, 4), rng.normal(0, 5, (3000, 1))
    scores = effect + luck + 0.3 * rng.standard_normal((3000, 4))
    assert seed_noise(scores) == pytest.approx(0.09 / 4, rel=0.05)
    assert seed_noise(scores[:, :1]) == 0


def test_truth_of_the_simulated_worlds() -> None:
    """Against arithmetic: variance 1/12 of a uniform number, that of four choices."""
    steps = 0.36 * np.var([0, 0.5, 1, 0.2])
    whole = 1 / 12 + steps
    assert true_shares("additive")[[0, 2]] == pytest.approx(
        [1 / 12 / whole, steps / whole], abs=0.01
    )
    assert set(FUNCTIONS) > {"nothing", "pair"}
    assert problem(np.zeros((2, 1)), np.zeros(2), (0,), 0.0).distances[0].shape == (2, 2)
