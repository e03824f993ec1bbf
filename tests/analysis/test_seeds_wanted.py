"""The planner's seeds decide in four of five tries, and fewer do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from analysis.statistics.against import Verdict, against, verdicts
from analysis.statistics.planning import Wanted, seeds_wanted
from analysis.statistics.pool import pool
from tests.narrowing import known

NOISE: dict[str, Any] = {"variance": 2.0, "df": 12.0, "seeds": 3, "comparisons": 5, "look": 2}


def _verdicts(seeds: int, difference: float, margin: float | None) -> list[Verdict]:
    rng = np.random.default_rng(seeds)
    found = []
    for _ in range(120):
        table = rng.standard_normal((6, seeds))
        table[1] += difference
        compared = against(pool(table), 0, look=2)
        found.append(verdicts(compared, margin=margin, maximize=True)[0])
    return found


def test_seeds_that_tell_apart() -> None:
    wanted = seeds_wanted(1.5, **NOISE, margin=None)
    assert wanted.apart is not None
    assert wanted.alike is None
    assert np.mean([v == "better" for v in _verdicts(wanted.apart, 1.5, None)]) >= 0.7
    assert np.mean([v == "better" for v in _verdicts(wanted.apart // 2, 1.5, None)]) < 0.6


def test_seeds_that_show_equivalence() -> None:
    wanted = seeds_wanted(0.0, **NOISE, margin=0.8)
    assert wanted.alike is not None
    assert wanted.apart is None
    told = _verdicts(wanted.alike, 0.0, 0.8)
    assert np.mean([v == "equivalent" for v in told]) >= 0.6  # guarded noise is a little more


@pytest.mark.parametrize("difference", [0.001, float("nan")])
def test_what_seeds_will_not_decide(difference: float) -> None:
    assert seeds_wanted(difference, **NOISE, margin=None).fewest is None


def test_no_noise_known_wants_nothing() -> None:
    assert seeds_wanted(0.5, **{**NOISE, "seeds": 1}, margin=0.1) == Wanted(apart=None, alike=None)
    assert seeds_wanted(0.5, **{**NOISE, "variance": 0.0}, margin=0.1).fewest is None


def test_more_noise_wants_more_seeds() -> None:
    wanted = [
        seeds_wanted(1.0, **{**NOISE, "variance": variance}, margin=None).apart or 999
        for variance in (0.5, 1.0, 2.0, 4.0)
    ]
    assert wanted == sorted(wanted)
    assert len(set(wanted)) == 4


def test_noise_that_is_hardly_known_wants_more_seeds() -> None:
    wanted = [seeds_wanted(1.5, **{**NOISE, "df": df}, margin=None).apart for df in (60, 12, 4, 2)]
    seeds = [known(each) for each in wanted]
    assert seeds == sorted(seeds)
    assert seeds[-1] > 1.3 * seeds[0]


def test_plans_from_three_seeds_of_two_arms_keep_their_promise() -> None:
    """Each plan is followed; by the noise as it seemed, 66 % of such plans decided."""
    rng = np.random.default_rng(4)
    decided: list[bool] = []
    while len(decided) < 150:
        first = rng.standard_normal((2, 3)) + np.array([[0.0], [1.0]])
        found = against(pool(first), 0)
        seen = float(found.differences.means[0])
        wanted = seeds_wanted(
            seen,
            variance=float(found.differences.variances[0]),
            df=float(found.differences.df[0]),
            seeds=3,
            comparisons=1,
            look=2,
            margin=None,
        ).apart
        if found.decided[0] or wanted is None:
            continue
        more = rng.standard_normal((2, wanted - 3)) + np.array([[0.0], [seen]])
        decided.append(against(pool(np.hstack([first, more])), 0, look=2).decided[0])
    assert np.mean(decided) >= 0.78
