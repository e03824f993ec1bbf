"""False alarms of axes in sweeps whose truth is known; the whole table is a benchmark's."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from axis_worlds import (
    Codes,
    Floats,
    World,
    drawn,
    gridded,
    pruned_study,
    searched,
    study_of_two,
)
from old_axis_test import old_p

from analysis.findings.axes import axis_findings
from analysis.findings.axis_results import AxisResult
from analysis.reading.study import Study

SWEEPS = 50
NOISES = ("normal", "unequal", "bimodal", "near-copy")

Sweep = tuple[Codes, Codes, Floats]


def called(make: Callable[[np.random.Generator], Sweep], sweeps: int = SWEEPS) -> float:
    """The share of sweeps in which the axis that does nothing is told apart."""
    found = []
    for number in range(sweeps):
        study = study_of_two(*make(np.random.default_rng(number)))
        found.append(any(a.name == "null" and a.differs for a in axis_findings(study).axes))
    return float(np.mean(found))


def allowed(sweeps: int = SWEEPS) -> float:
    """5 % and three standard errors."""
    return 0.05 + 3 * math.sqrt(0.05 * 0.95 / sweeps)


@pytest.mark.parametrize("trials", [24, 40, 100])
def test_a_random_sweep_takes_no_confounding_for_an_effect(trials: int) -> None:
    assert called(lambda rng: drawn(World(), trials, rng)) <= allowed()


@pytest.mark.parametrize(("trials", "least"), [(40, 0.4), (100, 0.9)])
def test_the_test_that_compared_sets_of_settings_did(trials: int, least: float) -> None:
    """Negative control: what the report said before."""
    alarms = []
    for number in range(25):
        real, null, scores = drawn(World(drift=0.0), trials, np.random.default_rng(number))
        alarms.append(old_p(scores, null, real) <= 0.05)
    assert np.mean(alarms) > least


@pytest.mark.parametrize("noise", NOISES[1:])
def test_unfriendly_noise_is_not_taken_for_an_effect(noise: str) -> None:
    world = World(noise=noise, seeds=3)
    assert called(lambda rng: drawn(world, 40, rng)) <= allowed()


@pytest.mark.parametrize("noise", NOISES)
def test_a_grid_holds_its_level_at_three_seeds(noise: str) -> None:
    world = World(noise=noise, seeds=3, trial=0.0)
    assert called(lambda rng: gridded(world, rng)) <= allowed()


def test_a_tpe_sweep_holds_its_level_though_it_looks_where_scores_were_good() -> None:
    assert called(lambda rng: searched(World(), 24, rng), 30) <= allowed(30)


@pytest.mark.parametrize("noise", ["normal", "unequal"])
def test_a_pruner_that_keeps_the_luckier_trials_makes_no_effect(noise: str) -> None:
    world, alarms, by_survivors = World(noise=noise), 0, 0
    for number in range(SWEEPS):
        rng = np.random.default_rng(number)
        study = pruned_study(*drawn(world, 100, rng), rng)
        alarms += named(study, "null").differs
        left = [arm for arm in study.trials if arm.ranked]
        tuned = dataclasses.replace(study.tuned, arms=left)
        by_survivors += named(dataclasses.replace(study, trials=left, tuned=tuned), "null").differs
        assert number or named(study, "real").differs
    assert alarms / SWEEPS <= allowed()
    # Negative control: what the survivors alone would say of a noisier level.
    assert noise == "normal" or by_survivors / SWEEPS > 0.3


def named(study: Study, name: str) -> AxisResult:
    (axis,) = (axis for axis in axis_findings(study).axes if axis.name == name)
    return axis


@pytest.mark.parametrize("make", [gridded, lambda world, rng: drawn(world, 40, rng)])
def test_what_does_matter_is_found(make: Callable[[World, np.random.Generator], Sweep]) -> None:
    world = World(null_effect=4.0, trial=0.0 if make is gridded else 1.0)
    assert called(lambda rng: make(world, rng), 30) > 0.8
