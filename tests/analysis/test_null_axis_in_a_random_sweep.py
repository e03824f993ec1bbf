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

TABLES = 100
ERROR = 3 * math.sqrt(ALPHA * (1 - ALPHA) / TABLES)  # three standard errors
REAL, NULL = "model.filters", "model.order"
AXES: list[dict[str, Any]] = [
    {"key": REAL, "kind": "categorical", "choices": [1, 2, 4]},
    {"key": NULL, "kind": "categorical", "choices": [1, 2, 4]},
]


def sweep(rng: np.random.Generator, trials: int) -> list[Arm]:
    """Five seeds of random points; each level of the real axis is worth 0.1."""
    arms = []
    seeds = rng.normal(0, 0.02, 5)  # every trial shares them
    for number in range(trials):
        point = {REAL: int(rng.choice([1, 2, 4])), NULL: int(rng.choice([1, 2, 4]))}
        level = 0.1 * [1, 2, 4].index(point[REAL])
        scores = dict(enumerate(0.5 + level + seeds + rng.normal(0, 0.02, 5)))
        mean = sum(scores.values()) / 5
        arms.append(
            Arm(
                number=number,
                trial_id=f"{number:012x}",
                label=str(number),
                point=point,
                config={},
                variant=None,
                causal=True,
                state="complete",
                reason=None,
                error=None,
                value=mean,
                test=mean,
                values=scores,
                tests=scores,
                diverged={},
                step=1,
                steps=1,
                seconds=1.0,
                reused_from=None,
                constants={},
            )
        )
    return arms


@pytest.mark.parametrize("trials", [24, 100])
def test_a_null_axis_is_called_real_in_one_of_twenty_tables(
    monkeypatch: pytest.MonkeyPatch, trials: int
) -> None:
    monkeypatch.setattr("analysis.permutation.SHUFFLES", 200)
    rng = np.random.default_rng(trials)
    found = [sweep(rng, trials) for _ in range(TABLES)]
    null = np.mean([range_p(AXES[1], AXES, arms) <= ALPHA for arms in found])
    real = np.mean([range_p(AXES[0], AXES, arms) <= ALPHA for arms in found[:20]])
    assert null <= ALPHA + ERROR
    assert real == 1  # the other way round: a real axis is found
