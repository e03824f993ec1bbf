"""Nothing is named before the gate opens, and the near ties hold the true best."""

from __future__ import annotations

import numpy as np
import pytest
import simulated_arms as simulated

from analysis.statistics.against import against
from analysis.statistics.dunnett import critical
from analysis.statistics.gate import gate
from analysis.statistics.pool import pool
from analysis.statistics.spending import level_at
from analysis.statistics.ties import ties


def test_the_gate_is_open_wherever_an_arm_is_decided() -> None:
    for effect in (0.0, 2.0, 6.0):
        found = simulated.draw(simulated.normal, tables=25, arms=5, seeds=4, effect=effect)
        for table in found.scores:
            noise = pool(table)
            compared = against(noise, 0)
            test = gate(noise, compared)
            assert test.rejected == (test.p <= 0.05)
            assert test.rejected or not compared.decided.any()


@pytest.mark.parametrize("kind", simulated.NOISES, ids=lambda kind: kind.__name__)
def test_the_gate_stays_shut_where_nothing_matters(kind: simulated.Noise) -> None:
    found = simulated.draw(kind, tables=60, arms=8, seeds=4, seed=6)
    opened = []
    for table in found.scores:
        noise = pool(table)
        opened.append(gate(noise, against(noise, 0)).rejected)
    assert np.mean(opened) <= 0.1


def test_an_unstable_reference_does_not_hide_the_others() -> None:
    rng = np.random.default_rng(3)
    table = rng.normal(0, 0.02, (6, 5)) + np.array([[0.5], [0.9], [0.3], [0.3], [0.3], [0.3]])
    table[0] += [0.4, -0.4, 0.3, -0.3, 0.0]
    noise = pool(table)
    compared = against(noise, 0)
    assert not compared.decided.any()
    assert gate(noise, compared).rejected


def test_a_shut_gate_says_how_far_apart_things_may_still_be() -> None:
    table = np.random.default_rng(4).normal(0, 1, (4, 3))
    noise = pool(table)
    compared = against(noise, 0)
    test = gate(noise, compared)
    assert not test.rejected
    assert test.still == max(compared.high.max(), -compared.low.min())


@pytest.mark.parametrize("kind", simulated.NOISES, ids=lambda kind: kind.__name__)
def test_the_true_best_is_among_the_near_ties(kind: simulated.Noise) -> None:
    found = simulated.draw(kind, tables=100, arms=8, seeds=5, effect=1.0, seed=7)
    held, bounded = [], []
    lag = found.truth.max() - found.truth
    for table in found.scores:
        level = ties(pool(table), maximize=True)
        held.append(level.may_be_best[1])
        bounded.append(np.all(lag <= level.behind))
    assert np.mean(held) >= 0.9
    assert np.mean(bounded) >= 0.9


def test_the_best_observed_arm_alone_would_often_be_wrong() -> None:
    """Negative control: the maximum is no confidence set."""
    found = simulated.draw(simulated.normal, tables=100, arms=8, seeds=5, effect=1.0, seed=7)
    assert np.mean([np.argmax(t.mean(axis=1)) == 1 for t in found.scores]) < 0.9


def test_the_reference_beats_no_arm_that_the_comparisons_leave_open() -> None:
    """One page, one answer: "better than every other arm" beside "not told apart" was printed."""
    rng = np.random.default_rng(5)
    winners = open_in_one_sided_bounds = 0
    for number in range(400):
        arms, seeds = int(rng.integers(2, 5)), int(rng.integers(3, 6))
        table = rng.standard_normal((arms, seeds))
        table[0] += rng.uniform(2, 7)
        noise, look = pool(table), 1 + number % 2
        compared = against(noise, 0, look=look)
        found = ties(noise, maximize=True, look=look)
        if list(np.flatnonzero(found.may_be_best)) == [0]:
            winners += 1
            assert compared.decided.all()
        reach = critical(level_at(look), compared.differences.df, arms - 1, sided=1)
        lost = -compared.differences.means > reach * compared.differences.errors
        open_in_one_sided_bounds += bool(lost.all() and not compared.decided.all())
    assert winners > 100
    assert open_in_one_sided_bounds > 10  # negative control


def test_arms_that_are_clearly_worse_are_excluded() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(0, 0.02, (6, 5)) + np.array([[0.9], [0.9], [0.89], [0.5], [0.4], [0.1]])
    level = ties(pool(table), maximize=True)
    assert list(level.may_be_best) == [True, True, True, False, False, False]
    assert list(level.within(0.1)) == [True, True, True, False, False, False]
    lowest = ties(pool(-table), maximize=False)
    assert list(lowest.may_be_best) == list(level.may_be_best)
    assert lowest.behind == pytest.approx(level.behind)


def test_equal_arms_are_all_in_it_and_many_arms_too() -> None:
    assert ties(pool(np.full((5, 4), 0.5)), maximize=True).may_be_best.all()
    rng = np.random.default_rng(1)
    many = ties(pool(rng.normal(0, 1, (90, 3))), maximize=True)
    assert many.may_be_best.sum() > 60
    assert np.all(many.behind > 0)
