"""Looks share one error; the rival that does not pair seeds is the oracle."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from analysis.statistics.against import against
from analysis.statistics.pool import pool
from analysis.statistics.spending import ERROR, as_over_all_looks, level_at
from benchmarks import simulated_arms as simulated
from benchmarks.adastop import adastop


def test_all_looks_together_spend_the_error_and_no_more() -> None:
    spent = [level_at(look) for look in range(1, 60)]
    assert spent[0] == pytest.approx(0.03)
    assert sum(spent) == pytest.approx(ERROR)
    assert all(later < earlier for earlier, later in itertools.pairwise(spent))


def test_a_p_value_is_told_on_the_scale_of_five_percent() -> None:
    assert as_over_all_looks(0.012, level_at(2)) == pytest.approx(0.05)
    assert as_over_all_looks(0.9, level_at(3)) == 1.0


def _ever_called(table: np.ndarray, looks: tuple[int, ...], *, pays: bool) -> bool:
    return any(
        against(pool(table[:, :seeds]), 0, look=i if pays else 1).decided.any()
        for i, seeds in enumerate(looks, 1)
    )


def test_adding_seeds_until_something_is_decided_keeps_the_error() -> None:
    looks = (3, 5, 8, 12, 16, 20)
    found = simulated.draw(simulated.normal, tables=150, arms=2, seeds=20, seed=8)
    paid = np.mean([_ever_called(table, looks, pays=True) for table in found.scores])
    free = np.mean([_ever_called(table, looks, pays=False) for table in found.scores])
    assert paid <= 0.08
    assert free > 0.09  # negative control: each look spends as if it were the first


def test_adastop_holds_its_error_and_finds_what_is_there() -> None:
    rng = np.random.default_rng(9)
    equal = rng.standard_normal((120, 3, 15))
    called = [adastop(table, block=5).decided.any() for table in equal]
    assert np.mean(called) <= 0.1
    apart = equal[:20] + np.array([[0.0], [3.0], [3.0]])
    assert all(adastop(table, block=5).decided.all() for table in apart)
    stopped = adastop(apart[0], block=5)
    assert stopped.trainings < 45


def test_pairing_needs_fewer_trainings_than_adastop_where_seeds_share_their_luck() -> None:
    """Seven tenths of the variance are the seeds' own; the ladder is that of a planner."""
    rng = np.random.default_rng(10)
    luck = np.sqrt(0.7) * rng.standard_normal((25, 1, 30))
    tables = luck + np.sqrt(0.3) * rng.standard_normal((25, 2, 30)) + np.array([[0.0], [1.5]])
    rival = [adastop(table, block=5) for table in tables]
    ours = []
    for table in tables:
        for look, seeds in enumerate((5, 8, 12, 18, 27), 1):
            if against(pool(table[:, :seeds]), 0, look=look).decided.all():
                break
        ours.append(2 * seeds)
    assert np.mean([stopped.decided.all() for stopped in rival]) == 1.0
    assert np.mean(ours) <= 0.6 * np.mean([stopped.trainings for stopped in rival])
