"""What a plan says that it can tell apart is what the guarded pool tells apart, simulated."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import search_spaces
from sweeps import launch
from sweeps.planning.flags import build_parser
from sweeps.planning.plan import make_plan
from sweeps.planning.power import (
    ARMS,
    FEWEST_SEEDS,
    MOST_ARMS,
    SMALLEST,
    number_of_arms,
    smallest_difference,
)


def decided(arms: int, seeds: int, difference: float, sweeps: int = 1500) -> float:
    """The share of sweeps in which one arm that truly differs is decided; all other arms are equal.

    As ``design/science.md`` has it: noise from all arms; an arm that is noisier than the pool, and
    the reference, bring their own; the difference's own variance is a floor; simultaneous over all
    arms against one reference, by Dunnett's distribution.
    """
    rng = np.random.default_rng(arms * 100 + seeds)
    y = rng.standard_normal((sweeps, arms, seeds))
    y[:, 1] += difference
    rest = y - y.mean(2, keepdims=True) - y.mean(1, keepdims=True) + y.mean((1, 2), keepdims=True)
    of_pool = (arms - 1) * (seeds - 1)
    pool = (rest**2).sum((1, 2)) / of_pool
    own = (rest**2).sum(2) / ((1 - 1 / arms) * (seeds - 1))
    noisy = (own > pool[:, None]) & (arms > 2)
    variance = np.where(noisy, own, pool[:, None])[:, :2]
    freedom = np.where(noisy, seeds - 1, of_pool)[:, :2]
    paired = y[:, 1] - y[:, 0]
    squared = np.maximum(variance.sum(1), paired.var(1, ddof=1)) / seeds
    both = variance.sum(1) ** 2 / (variance**2 / freedom).sum(1)
    df = np.where(noisy[:, :2].any(1), both, of_pool)
    limit = dunnett(arms - 1, df, rng)
    return float((paired.mean(1) / np.sqrt(squared) > limit).mean())


def dunnett(comparisons: int, df: Any, rng: np.random.Generator, draws: int = 40_000) -> Any:
    """The two-sided 95 % limit for several arms against one reference, drawn."""
    normal = rng.standard_normal((draws, comparisons)) - rng.standard_normal((draws, 1))
    largest = np.abs(normal / np.sqrt(2)).max(1)
    grid = np.geomspace(df.min(), df.max(), 10)
    limits = [np.quantile(largest / np.sqrt(rng.chisquare(one, draws) / one), 0.95) for one in grid]
    return np.interp(df, grid, limits)


@pytest.mark.parametrize(("arms", "seeds"), [(2, 3), (6, 3), (12, 3), (12, 5), (20, 5), (65, 8)])
def test_the_difference_that_a_plan_names_is_decided_in_eight_of_ten(arms: int, seeds: int) -> None:
    smallest = smallest_difference(arms, seeds)
    assert 0.70 <= decided(arms, seeds, smallest) <= 0.86
    assert decided(arms, seeds, smallest * 0.6) < 0.55  # negative control
    assert decided(arms, seeds, smallest * 1.6) > 0.90


@pytest.mark.parametrize(
    ("seeds", "difference", "power"), [(3, 3, 0.34), (5, 3, 0.76), (3, 5, 0.69)]
)
def test_the_simulation_is_the_one_that_the_science_was_written_from(
    seeds: int, difference: float, power: float
) -> None:
    assert decided(12, seeds, difference) == pytest.approx(power, abs=0.1)


def test_more_seeds_tell_more_apart_and_more_arms_less() -> None:
    for arms in range(2, 130):
        of_seeds = [smallest_difference(arms, seeds) for seeds in range(FEWEST_SEEDS, 40)]
        assert of_seeds == sorted(of_seeds, reverse=True)
    for seeds in SMALLEST:
        of_arms = [smallest_difference(arms, seeds) for arms in range(3, 130)]
        assert of_arms == sorted(of_arms)
        assert [smallest_difference(arms, seeds) for arms in ARMS] == list(SMALLEST[seeds])


def said(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert launch.main([*words, "--dry-run", "--home", "nowhere"]) == 0
    return [line.strip() for line in capsys.readouterr().out.splitlines()]


def test_a_plan_says_what_it_can_tell_apart(capsys: pytest.CaptureFixture[str]) -> None:
    def resolves(*words: str) -> list[str]:
        return [line for line in said(capsys, *words) if line.startswith("resolves")]

    (line,) = resolves("--space", "nfft_bins")
    assert "differences of 5.4 standard deviations of a seed or more" in line
    assert "(12 arms with 3 seeds)" in line
    (line,) = resolves("--space", "baselines")  # at three rates each
    assert "(21 arms with 5 seeds)" in line
    (line,) = resolves("--space", "nfft_bins", "--seeds", "2")
    assert line.startswith("resolves  nothing: with 2 seeds no comparison is decided")
    assert resolves("--space", "focus") == []


def test_a_table_of_too_many_arms_names_its_families(capsys: pytest.CaptureFixture[str]) -> None:
    (caution,) = [line for line in said(capsys, "--space", "ablation") if "caution" in line]
    families = [name for name in search_spaces.names() if name.startswith("ablation_")]
    assert all(name in caution for name in families)
    assert sorted(search_spaces.load("ablation").families) == families
    for name in families:
        assert not [line for line in said(capsys, "--space", name) if "caution" in line]
    assert not [line for line in said(capsys, "--space", "ablation", "--set", "variant=ema")
                if "caution" in line]  # fmt: skip


@pytest.mark.parametrize("name", search_spaces.names())
def test_the_defaults_can_decide(name: str) -> None:
    """Three seeds at least; a table of named arms has five, and decides what a dozen arms can."""
    plan = make_plan(build_parser().read(["--space", name, "--home", "nowhere"]))
    assert plan.seeds >= FEWEST_SEEDS
    if any(axis.key == "variant" for axis in plan.space.axes):
        assert plan.seeds == 5
    if name.startswith("ablation_"):
        assert number_of_arms(plan) <= MOST_ARMS
        assert smallest_difference(number_of_arms(plan), plan.seeds) <= 3.1
