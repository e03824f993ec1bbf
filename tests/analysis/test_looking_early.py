"""Looks share one error; the rival that does not pair seeds is the oracle."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import simulated_arms as simulated
from adastop import adastop
from scipy import stats

from analysis.findings.looks import looks
from analysis.statistics.against import against
from analysis.statistics.pool import pool
from analysis.statistics.spending import ERROR, as_over_all_looks, level_at


def test_all_looks_together_spend_the_error_and_no_more() -> None:
    spent = [level_at(look) for look in range(1, 60)]
    assert spent[0] == pytest.approx(0.03)
    assert sum(spent) == pytest.approx(ERROR)
    assert all(later < earlier for earlier, later in itertools.pairwise(spent))


def test_a_p_value_is_told_on_the_scale_of_five_percent() -> None:
    assert as_over_all_looks(0.012, level_at(2)) == pytest.approx(0.05)
    assert as_over_all_looks(0.9, level_at(3)) == 1.0


@pytest.mark.parametrize("looks", [(3, 5, 8, 12, 18, 27), range(3, 28), (5, 10, 20)])
def test_adding_seeds_until_something_is_decided_keeps_the_error(looks: Sequence[int]) -> None:
    """Two arms, where the pool is a paired t test and has no error to spare."""
    by_seed = np.random.default_rng(8).standard_normal((8000, 27))
    p = np.stack([stats.ttest_1samp(by_seed[:, :n], 0, axis=1).pvalue for n in looks])
    levels = np.array([level_at(look) for look in range(1, len(looks) + 1)])
    assert np.mean(np.any(p <= levels[:, None], axis=0)) <= ERROR
    assert np.mean(np.any(p <= ERROR, axis=0)) > 0.09  # negative control: no look pays


def test_more_arms_and_more_looks_keep_it_too() -> None:
    found = simulated.draw(simulated.reference_x3, tables=120, arms=6, seeds=12, seed=8)
    called = [
        any(
            against(pool(table[:, :n]), 0, look=look).decided.any()
            for look, n in enumerate((3, 6, 12), 1)
        )
        for table in found.scores
    ]
    assert np.mean(called) <= 0.09


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


def test_added_seeds_are_looks() -> None:
    about: dict[str, Any] = {"seeds": 5}
    assert looks(about) == 1
    assert looks(about | {"asked": [{"seeds": 3}, {"seeds": 5}]}) == 2
    assert looks(about | {"asked": [{"seeds": 5}, {"seeds": 5}]}) == 1
    asked = [
        {"seeds": 3},
        {"seeds": 3, "margin": 0.1},
        {"seeds": 5},
        {"seeds": 5, "more": {"a": 9}},
    ]
    assert looks(about | {"asked": asked}) == 3
