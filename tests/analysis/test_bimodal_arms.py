"""Seeds that learned and seeds that are stuck, counted."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.statistics.bimodal import learned


@pytest.mark.parametrize(
    ("scores", "kind", "count"),
    [
        ([0.249, 0.247, 0.478, 0.233, 0.26], "bimodal", 1),
        ([0.74, 0.68, 0.74, 0.79, 0.66], "learned", 5),
        ([0.249, 0.256, 0.228, 0.236, 0.261], "at chance", 0),
        ([0.26, 0.36, 0.44, 0.55, 0.61], "between", 3),
    ],
)
def test_kinds(scores: list[float], kind: str, count: int) -> None:
    found = learned(np.array(scores), chance=0.25, best=0.8, sequences=1024)
    assert found is not None
    assert (found.kind, found.learned, found.seeds) == (kind, count, 5)


def test_nothing_is_said_where_nobody_is_clear_of_chance() -> None:
    assert learned(np.array([0.25, 0.27]), chance=0.25, best=0.27, sequences=256) is None
    assert learned(np.array([0.1, 0.2]), chance=0.25, best=0.2) is None
    assert learned(np.array([]), chance=0.25, best=0.9) is None


def test_chance_scatters_more_on_a_small_test_set() -> None:
    scores = np.array([0.40, 0.25, 0.9])
    small = learned(scores, chance=0.25, best=0.9, sequences=50)
    large = learned(scores, chance=0.25, best=0.9, sequences=5000)
    assert small is not None
    assert large is not None
    assert (small.kind, large.kind) == ("bimodal", "between")


def test_less_may_be_better() -> None:
    found = learned(np.array([8.0, 7.9, 2.0]), chance=8.0, best=2.0, maximize=False)
    assert found is not None
    assert found.kind == "bimodal"
