"""A search compares with its base: the base is trial 0, trained once and never pruned."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

import search_spaces
from search_spaces.space import Axis, Space, choices
from sweeps import launch
from sweeps.driving.driver import Driver
from sweeps.driving.study import Study
from sweeps.planning.flags import build_parser
from sweeps.planning.plan import make_plan
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Sweep
from tests.sweeps.conftest import CONTINUOUS, HERE, add_sweep, small_base, train

BASE, LACKING = CONTINUOUS.point_of(small_base())


def drive(
    ledger: Ledger,
    sweep: Sweep,
    *,
    first: Any = (BASE,),
    warmup: int | None = None,
    rerun: bool = False,
) -> Driver:
    study = Study(
        CONTINUOUS,
        sampler=sweep.sampler,
        seed=0,
        direction="maximize",
        warmup=warmup,
        first=first,
    )
    return Driver(
        ledger, sweep, study, lambda p: CONTINUOUS.configure(p, small_base()), rerun=rerun
    )


def falling(config: dict[str, Any], seed: int, step: int) -> float:
    """The base is the worst by far."""
    own = small_base().canonical()
    same = all(config[axis.key] == own[axis.key] for axis in CONTINUOUS.axes)
    return 0.0 if same else 0.5 + config["train.learning_rate"]


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_the_base_is_trial_zero_and_a_relaunch_repeats_nothing(
    ledger: Ledger, sampler: str
) -> None:
    assert LACKING == []
    sweep = add_sweep(ledger, CONTINUOUS, sampler=sampler, planned=12)
    trained = []
    for cut in (1, 4, None):
        trained += train(drive(ledger, sweep), falling, at_most=cut)
    rows = ledger.trials(sweep)
    assert rows[0].trial_id == small_base().trial_id
    assert trained == [row.trial_id for row in rows]
    assert len(set(trained)) == 12
    assert train(drive(ledger, sweep), falling) == []


def test_a_sweep_that_began_without_its_base_goes_on_as_it_began(ledger: Ledger) -> None:
    sweep = add_sweep(ledger, CONTINUOUS, planned=12)
    train(drive(ledger, sweep, first=()), falling, at_most=4)
    train(drive(ledger, sweep), falling)
    found = [row.point for row in ledger.trials(sweep)]
    assert BASE not in found
    other = add_sweep(ledger, CONTINUOUS, name="whole", planned=12)
    train(drive(ledger, other, first=(), rerun=True), falling)
    assert [row.point for row in ledger.trials(other)] == found


@pytest.mark.parametrize("named", [True, False])
def test_the_reference_is_never_pruned(ledger: Ledger, named: bool) -> None:
    """Negative control: where it is a point like any other, it is."""
    sweep = add_sweep(ledger, CONTINUOUS, planned=12)
    driver = drive(ledger, sweep, first=[BASE] if named else (), warmup=1)
    if not named:
        driver.study.first = []
    waiting = driver.next_trial()
    assert waiting is not None
    if not named:
        point = dict(BASE)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(driver.study, "propose", lambda number, attempt=0: point)
            driver._plan_one()
            driver._queue.rotate(1)
            waiting = driver.next_trial()
    assert waiting is not None
    assert waiting.trial_id == small_base().trial_id
    train(driver, falling, at_most=9)
    driver.began(waiting.trial_id, HERE)
    goes_on = driver.report(waiting.trial_id, {"step": 2.0, "value/0": 0.0})
    assert goes_on is named


@pytest.mark.parametrize("name", search_spaces.names())
def test_every_base_is_a_point_of_its_space(name: str) -> None:
    space = search_spaces.load(name)
    point, lacking = space.point_of(space.base())
    assert lacking == []
    assert space.configure(point, space.base()).trial_id == space.base().trial_id


@pytest.mark.parametrize(
    ("axis", "own", "there"),
    [
        (choices("model.order", 1, 4), 2, False),
        (choices("model.order", 1, 2), 2, True),
        (choices("model.order", True, 2), 1, False),  # 1 == True, and is another value
        (Axis(key="model.order", distribution=IntDistribution(1, 7, step=3)), 2, False),
        (Axis(key="model.order", distribution=IntDistribution(1, 7, step=3)), 4, True),
        (Axis(key="model.dropout", distribution=FloatDistribution(0.1, 0.5, step=0.1)), 0.3, True),
        (
            Axis(key="model.dropout", distribution=FloatDistribution(0.1, 0.5, step=0.1)),
            0.25,
            False,
        ),
        (Axis(key="model.dropout", distribution=FloatDistribution(0.1, 0.5)), 0.25, True),
        (Axis(key="model.dropout", distribution=FloatDistribution(0.1, 0.5)), 0.0, False),
        (Axis(key="model.dropout", distribution=CategoricalDistribution((None, 0.5))), None, True),
    ],
)
def test_which_values_an_axis_has(axis: Axis, own: Any, there: bool) -> None:
    assert axis.has(own) is there


def odd_space() -> Space:
    return dataclasses.replace(
        search_spaces.load("order"),
        axes=(choices("model.order", 3, 4),),
        sampler="random",
        trials=2,
        name="odd",
    )


def test_a_plan_says_where_the_base_is_no_point_of_its_space(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sweeps.planning.question.load", lambda name: odd_space())
    assert launch.main(["--space", "order", "--dry-run", "--home", "nowhere"]) == 0
    said = capsys.readouterr().out
    assert "the base is no point of this space (model.order without its value)" in said
    monkeypatch.undo()
    plan = make_plan(build_parser().read(["--space", "focus", "--home", "nowhere"]))
    assert [plan.space.configure(p, plan.base).trial_id for p in plan.first] == [plan.base.trial_id]
    grid = make_plan(build_parser().read(["--space", "order", "--home", "nowhere"]))
    assert grid.first == ()
