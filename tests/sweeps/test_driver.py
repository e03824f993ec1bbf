from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from sweeps.record.ledger import Ledger
from tests.sweeps.conftest import CONTINUOUS, GRID, HERE, add_sweep, by_bin, make_driver, train


def states(ledger: Ledger, sweep: Any) -> list[str]:
    return [t.state for t in ledger.trials(sweep)]


def test_every_planned_trial_is_trained_once(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    driver = make_driver(ledger, sweep)
    trained = train(driver, by_bin)
    driver.close()
    assert len(set(trained)) == len(trained) == 6
    assert driver.done
    assert states(ledger, sweep) == ["complete"] * 6
    assert [t.point for t in ledger.trials(sweep)] == GRID.grid()


def test_the_same_command_again_trains_nothing(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    first = make_driver(ledger, sweep)
    train(first, by_bin)
    first.close()
    again = make_driver(ledger, first.sweep)
    assert again.done
    assert train(again, by_bin) == []
    again.close()
    assert again.sweep.finished == first.sweep.finished is not None


def test_what_a_dead_driver_left_running_goes_on_and_nothing_is_doubled(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    dead = make_driver(ledger, sweep)
    finished = train(dead, by_bin, at_most=2)
    left = dead.next_trial()
    assert left is not None
    dead.began(left.trial_id, HERE)
    dead.report(left.trial_id, {"step": 1.0, "value/0": 0.1, "value/1": 0.1})

    trained = train(make_driver(ledger, sweep), by_bin)
    assert trained[0] == left.trial_id
    assert not set(trained) & set(finished)
    assert states(ledger, sweep) == ["complete"] * 6
    reports = ledger.reports(ledger.trials(sweep))
    assert all([r.step for r in rows] == [1, 2, 3, 4] for rows in reports.values())


def test_stopped_trials_are_killed_and_go_on_later(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    driver = make_driver(ledger, sweep)
    assignment = driver.next_trial()
    assert assignment is not None
    driver.began(assignment.trial_id, HERE)
    driver.stop("stopped by SIGINT")
    driver.close()
    assert [(t.state, t.reason) for t in ledger.trials(sweep)] == [("killed", "stopped by SIGINT")]
    assert train(make_driver(ledger, sweep), by_bin)[0] == assignment.trial_id


def test_more_seeds_train_only_the_new_ones(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    train(make_driver(ledger, sweep), by_bin)
    before = [t.value for t in ledger.trials(sweep)]
    sweep = ledger.update_sweep(sweep, seeds=3)
    driver = make_driver(ledger, sweep)
    assignment = driver.next_trial()
    assert assignment is not None
    assert assignment.seeds == [2]
    train(make_driver(ledger, sweep), by_bin)
    rows = ledger.trials(sweep)
    assert all([r.seed for r in t.replicates] == [0, 1, 2] for t in rows)
    # seeds 0, 1 score b + .0005 on average, seeds 0, 1, 2 b + .001
    assert [t.value for t in rows] == pytest.approx([v + 0.0005 for v in before if v is not None])


def test_a_trial_finished_elsewhere_is_taken_over(ledger: Ledger) -> None:
    first = add_sweep(ledger, name="first")
    train(make_driver(ledger, first), by_bin)
    second = add_sweep(ledger, name="second")
    told: list[str] = []

    class Told:
        def __getattr__(self, name: str) -> Any:
            return lambda *details: told.append(name)

    driver = make_driver(ledger, second, listeners=[Told()])
    assert train(driver, by_bin) == []
    assert told == ["sweep_started"] + (["reported"] * 4 + ["trial_ended"]) * 6
    rows = ledger.trials(second)
    assert {(t.state, t.reused_from) for t in rows} == {("complete", "first")}
    assert [t.value for t in rows] == [t.value for t in ledger.trials(first)]
    assert all(len(r) == 4 for r in ledger.reports(rows).values())


def test_results_of_fewer_seeds_are_not_taken_over(ledger: Ledger) -> None:
    train(make_driver(ledger, add_sweep(ledger, name="first")), by_bin)
    second = add_sweep(ledger, name="second", seeds=3)
    assert len(train(make_driver(ledger, second), by_bin)) == 6


@pytest.mark.parametrize(("own", "trained"), [(True, 6), (False, 0)])
def test_results_of_other_code_are_not_taken_over(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, own: bool, trained: int
) -> None:
    """Negative control: another code of the whole, and the same of what these trials execute."""
    train(make_driver(ledger, add_sweep(ledger, name="first", code="0ne")), by_bin)
    if own:
        monkeypatch.setattr("sweeps.driving.driver.trial_code", lambda _: "0ther")
    second = add_sweep(ledger, name="second", code="0ther")
    assert len(train(make_driver(ledger, second), by_bin)) == trained


def test_rerun_trains_everything_again(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    train(make_driver(ledger, sweep), by_bin)
    forgotten: list[str] = []
    driver = make_driver(ledger, sweep, rerun=True, forget=forgotten.append)
    assert len(train(driver, by_bin)) == 6
    assert len(forgotten) == 6
    assert len(ledger.trials(sweep)) == 6


def test_failed_trials_are_tried_again_only_when_asked(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    driver = make_driver(ledger, sweep)
    assignment = driver.next_trial()
    assert assignment is not None
    driver.began(assignment.trial_id, HERE)
    driver.failed(assignment.trial_id, "ValueError: no", "Traceback ...")
    train(driver, by_bin)
    assert states(ledger, sweep) == ["failed"] + ["complete"] * 5
    assert ledger.trials(sweep)[0].error == "Traceback ..."
    assert train(make_driver(ledger, sweep), by_bin) == []
    assert train(make_driver(ledger, sweep, retry_failed=True), by_bin) == [assignment.trial_id]
    assert states(ledger, sweep) == ["complete"] * 6


def test_a_space_with_fewer_points_than_planned_ends(ledger: Ledger) -> None:
    sweep = add_sweep(ledger, sampler="random", planned=50)
    driver = make_driver(ledger, sweep)
    assert len(train(driver, by_bin)) == 6
    assert driver.done
    assert driver.sweep.planned == ledger.trials(sweep)[-1].number + 1 == 6


def test_a_listener_that_raises_does_not_end_the_sweep(ledger: Ledger) -> None:
    class Broken:
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

    sweep = add_sweep(ledger)
    driver = make_driver(ledger, sweep, listeners=[Broken()])
    train(driver, by_bin)
    assert states(ledger, sweep) == ["complete"] * 6
    assert driver.listener_errors > 6


def test_a_grid_after_another_sampler_covers_what_is_missing(ledger: Ledger) -> None:
    sweep = add_sweep(ledger, sampler="random", planned=3)
    train(make_driver(ledger, sweep), by_bin)
    sweep = ledger.update_sweep(sweep, sampler="grid", planned=6)
    train(make_driver(ledger, sweep), by_bin)
    points = [t.point for t in ledger.trials(sweep)]
    assert len(points) == 6
    assert all(point in points for point in GRID.grid())


def test_a_trial_that_only_gains_seeds_is_not_pruned(ledger: Ledger) -> None:
    space = dataclasses.replace(CONTINUOUS, seeds=2)
    sweep = add_sweep(ledger, space, seeds=1, planned=12)

    def late(config: dict[str, Any], seed: int, step: int) -> float:
        return step * float(config["train.learning_rate"]) * (1 if seed == 0 else -1)

    train(make_driver(ledger, sweep, space, warmup=1), late)
    complete = [t.trial_id for t in ledger.trials(sweep) if t.state == "complete"]
    sweep = ledger.update_sweep(sweep, seeds=2)
    train(make_driver(ledger, sweep, space, warmup=1), late)
    after = {t.trial_id: t.state for t in ledger.trials(sweep)}
    assert {after[trial_id] for trial_id in complete} == {"complete"}
