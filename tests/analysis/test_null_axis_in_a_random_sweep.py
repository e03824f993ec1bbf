"""An axis that does nothing, beside one that does, in a random sweep: called real in one of twenty.

Random points put the two axes' levels together unequally often. The real axis then moves the level
means of the null axis, in every seed alike.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from analysis.evidence import ALPHA
from analysis.permutation import range_p
from analysis.reading.arms import Arm
from tests.analysis.test_importance import SEEDS, make_arm

TABLES = 100
ERROR = 3 * math.sqrt(ALPHA * (1 - ALPHA) / TABLES)  # three standard errors
REAL, NULL = "model.filters", "model.order"
AXES: list[dict[str, Any]] = [
    {"key": REAL, "kind": "categorical", "choices": [1, 2, 4]},
    {"key": NULL, "kind": "categorical", "choices": [1, 2, 4]},
]


def sweep(rng: np.random.Generator, trials: int) -> list[Arm]:
    """Five seeds of random points; each level of the real axis is worth 0.1."""
    found = []
    seeds = rng.normal(0, 0.02, SEEDS)  # every trial shares them
    for number in range(trials):
        point = {REAL: int(rng.choice([1, 2, 4])), NULL: int(rng.choice([1, 2, 4]))}
        level = 0.1 * [1, 2, 4].index(point[REAL])
        tests = dict(enumerate(0.5 + level + seeds + rng.normal(0, 0.02, SEEDS)))
        found.append(make_arm(number, point, sum(tests.values()) / SEEDS, tests=tests))
    return found


def called_real(axis: dict[str, Any], sweeps: list[list[Arm]]) -> float:
    """The share of sweeps in which the axis' levels differ, by the report."""
    return float(np.mean([range_p(axis, AXES, arms) <= ALPHA for arms in sweeps]))


@pytest.mark.parametrize("trials", [24, 100])
def test_a_null_axis_is_called_real_in_one_of_twenty_tables(
    monkeypatch: pytest.MonkeyPatch, trials: int
) -> None:
    monkeypatch.setattr("analysis.permutation.SHUFFLES", 200)
    rng = np.random.default_rng(trials)
    found = [sweep(rng, trials) for _ in range(TABLES)]
    assert called_real(AXES[1], found) <= ALPHA + ERROR
    assert called_real(AXES[0], found[:20]) == 1
    # Negative control: where every table counts as balanced, the seeds alone are dealt out.
    monkeypatch.setattr("analysis.permutation._balanced", lambda *_: True)
    assert called_real(AXES[1], found[:20]) > 0.3
