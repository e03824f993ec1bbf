"""The one table of numbers: whatever is said somewhere of a number is said there.

That every task, mixer and worker reports declared numbers only is seen where they are trained:
tests/test_every_task.py, tests/test_every_mixer.py, tests/sweeps/test_worker_costs.py.
"""

from __future__ import annotations

import math

import pytest

from focus_core.metrics import REPORTED, SCORES, declared, limit, names, score_of
from focus_core.tasks import TASKS
from focus_core.training.over_seeds import merge


@pytest.mark.parametrize(
    "key",
    [
        "step",
        "loss/0",
        "leak",
        "leak/12",
        "pole_radius_max.layer1/2",
        "peak_gain.bin3",
        "test_64x4/0",
    ],
)
def test_a_key_of_a_report_is_known(key: str) -> None:
    assert declared(key) is not None


@pytest.mark.parametrize(
    "key", ["", "lossy/0", "leaky", "test_x/0", "test_64x4x2/0", "layer1/leak"]
)
def test_another_key_is_not(key: str) -> None:
    """Negative control of every test that asks for it."""
    assert declared(key) is None


def test_a_trials_number_follows_from_all_of_its_seeds() -> None:
    found = {"value/0": 1.0, "value/1": 3.0, "leak/0": 1.0, "leak/1": 3.0, "test/1": 1.0}
    found |= {"loss/0": 1.0, "loss/1": 1.0, "unheard/0": 1.0, "unheard/1": 1.0}
    assert merge(found, [0, 1]) == {"value": 2.0, "leak": 3.0}
    assert merge(found, [1]) == {"value": 3.0, "leak": 3.0, "test": 1.0}
    assert merge(found, []) == {}


def test_numbers_of_every_trial_are_shown_with_it() -> None:
    assert set(names("trials")) > {"leak", "parameters", "chance"}


def test_every_task_has_a_declared_score() -> None:
    for entry in TASKS.values():
        assert SCORES[entry.metric] is score_of(f"validation {entry.metric}")
    assert score_of("eval/accuracy") is SCORES["accuracy"]
    assert score_of("return") is None


def test_bounds_and_limits_can_be_met() -> None:
    for number in REPORTED.values():
        low, high = number.bounds
        assert low < high
        assert number.unit_size > 0
        assert number.limit is None or low <= number.limit < math.inf
    with pytest.raises(AssertionError, match="chance"):
        limit("chance")


def test_mlflows_top_has_room_for_scores() -> None:
    """Twelve at most: two scores with both ends each, the training loss, and these."""
    assert len(names("MLflow's top")) <= 12 - 7
