"""A sampler repeats itself in a finite space: N trials of N points or more are N different ones."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

import search_spaces
from focus_core.errors import UserError
from search_spaces.points import every_value, walk
from search_spaces.soundness import check, different_trials
from search_spaces.space import Axis, Space
from sweeps.driving.study import Study
from sweeps.record.ledger import Ledger
from tests.sweeps.conftest import add_sweep, make_driver, small_base, train

OBJECTIVES: dict[str, Callable[[dict[str, Any], int, int], float]] = {
    "equal": lambda config, seed, step: 0.5,
    "one peak": lambda config, seed, step: -abs(config["train.learning_rate"] - 0.01),
    "no number": lambda config, seed, step: math.nan,
}


def finite_space(seed: int) -> Space:
    """Two to four axes of every kind that has an end, one of them conditional."""
    draws = random.Random(seed)
    low = draws.choice([0.1, 0.001, 0.25])
    first = Axis(
        key="model.bin_length",
        distribution=CategoricalDistribution(draws.sample([4, 8, 16, 32], draws.randint(1, 4))),
    )
    others = [
        Axis(key="model.filters", distribution=IntDistribution(1, draws.randint(2, 5))),
        Axis(key="model.order", distribution=IntDistribution(1, 2, log=True)),
        Axis(key="model.filters", distribution=IntDistribution(2, 6, step=2)),
        Axis(
            key="train.learning_rate",
            distribution=FloatDistribution(low, low + 0.3, step=draws.choice([0.1, 0.05, 0.15])),
        ),
        Axis(
            key="model.chunk_length",
            distribution=CategoricalDistribution((8, 16)),
            when=lambda point: point["model.bin_length"] > 4,
        ),
    ]
    chosen = {axis.key: axis for axis in draws.sample(others, draws.randint(1, 2))}
    return Space(
        name="finite",
        question="Does the test work?",
        base=small_base,
        axes=(first, *chosen.values()),
        seeds=1,
        trials=None,
        sampler="tpe",
        pruner=None,
    )


def points_of(space: Space) -> list[dict[str, Any]]:
    return list(walk(space.axes, every_value))


@pytest.mark.parametrize(
    ("sampler", "objective"),  # the others do not look at what was found
    [*itertools.product(["tpe"], OBJECTIVES), ("random", "no number"), ("grid", "no number")],
)
@pytest.mark.parametrize("seed", range(3))
def test_every_finite_space_is_exhausted_only_when_no_point_is_left(
    ledger: Ledger, seed: int, sampler: str, objective: str
) -> None:
    space = finite_space(seed)
    points = points_of(space)
    there_are = different_trials(space, small_base())
    assert there_are is not None
    wanted = len(points) + 5
    sweep = add_sweep(ledger, space, sampler=sampler, planned=wanted)
    driver = make_driver(ledger, sweep, space)
    train(driver, OBJECTIVES[objective])
    rows = ledger.trials(sweep)
    assert len({row.trial_id for row in rows}) == len(rows) == there_are
    assert all(row.point in points for row in rows)
    assert driver.done
    assert driver.sweep.planned == there_are


def test_a_sampler_alone_repeats_itself(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Negative control: without the search for other points the sweep ends too early."""
    space = finite_space(1)
    monkeypatch.setattr(
        Study, "proposals", lambda self, number: (self.propose(number, a) for a in range(5))
    )
    sweep = add_sweep(ledger, space, sampler="tpe", planned=len(points_of(space)))
    train(make_driver(ledger, sweep, space), OBJECTIVES["equal"])
    assert len(ledger.trials(sweep)) < len(points_of(space))


def test_the_other_points_of_a_continuous_space_do_not_end(ledger: Ledger) -> None:
    space = Space(
        question="Does the test work?",
        base=small_base,
        axes=(
            Axis(key="model.bin_length", distribution=CategoricalDistribution((4, 8, 16))),
            Axis(
                key="train.learning_rate",
                distribution=FloatDistribution(1e-4, 1e-1, log=True),
                when=lambda point: point["model.bin_length"] == 16,
            ),
        ),
        seeds=1,
        trials=20,
        sampler="tpe",
        pruner=None,
    )
    sweep = add_sweep(ledger, space, planned=20)
    train(make_driver(ledger, sweep, space), OBJECTIVES["equal"])
    assert len(ledger.trials(sweep)) == 20


def test_steps_of_a_float_are_the_numbers_as_written() -> None:
    axis = Axis(key="train.learning_rate", distribution=FloatDistribution(0.1, 0.5, step=0.1))
    assert list(axis.values()) == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert axis.nearest(0.1 + 0.2) == 0.3


@pytest.mark.parametrize(
    "distribution", [IntDistribution(20, 10**9), FloatDistribution(0.1, 1e8, step=0.1)], ids=str
)
def test_an_axis_with_more_values_than_can_be_listed(distribution: Any) -> None:
    key = "train.steps" if isinstance(distribution, IntDistribution) else "train.learning_rate"
    space = dataclasses.replace(
        search_spaces.load("nfft_bins"), axes=(Axis(key=key, distribution=distribution),)
    )
    tracemalloc.start()
    check(space, space.base())
    study = Study(space, sampler="tpe", seed=0, direction="maximize", warmup=None)
    points = [point[key] for point in itertools.islice(study.proposals(0), 600)]
    with pytest.raises(UserError, match="more than 100,000 points: use the sampler tpe or random"):
        space.grid()
    assert tracemalloc.get_traced_memory()[1] < 2**28
    tracemalloc.stop()
    assert len(set(points)) > 200
    assert all(str(point) == str(round(point, 1)) for point in points)
