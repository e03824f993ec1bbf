from __future__ import annotations

import random
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from search_spaces import load
from search_spaces.space import Space
from sweeps.driving.study import Study
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Trial
from tests.sweeps.conftest import CONTINUOUS, GRID, HERE, add_sweep, make_driver, train


def make_study(space: Space = CONTINUOUS, *, sampler: str = "tpe", seed: int = 0) -> Study:
    return Study(space, sampler=sampler, seed=seed, direction="maximize", warmup=2)


def by_rate(config: dict[str, float], seed: int, step: int) -> float:
    return -abs(config["train.learning_rate"] - 0.01) + step / 1e6


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_a_proposal_is_a_function_of_seed_number_and_attempt(sampler: str) -> None:
    first = [make_study(sampler=sampler).propose(n) for n in range(4)]
    assert first == [make_study(sampler=sampler).propose(n) for n in range(4)]
    assert first[0] != make_study(sampler=sampler, seed=1).propose(0)
    assert first[0] != make_study(sampler=sampler).propose(0, attempt=1)


def test_a_grid_is_walked_in_order_and_ends() -> None:
    study = make_study(GRID, sampler="grid")
    assert [study.propose(n) for n in range(6)] == GRID.grid()
    assert study.propose(6) == GRID.grid()[0]  # which the sweep has: the driver goes on from it


def test_a_sweep_cut_short_proposes_what_it_would_have_proposed(tmp_path: Path) -> None:
    """Law: the sampler sees the same study as if nothing had happened."""

    def points(folder: str, cuts: list[int]) -> list[dict[str, float]]:
        (tmp_path / folder).mkdir()
        ledger = Ledger(f"sqlite:///{tmp_path / folder / 'ledger.db'}")
        sweep = add_sweep(ledger, CONTINUOUS)
        for cut in cuts:
            train(make_driver(ledger, sweep, CONTINUOUS, warmup=2), by_rate, at_most=cut)
        found = [t.point for t in ledger.trials(sweep)]
        ledger.close()
        return found

    whole = points("whole", [20])
    assert points("cut", [3, 9, 8]) == whole
    searched = [p["train.learning_rate"] for p in whole[8:]]
    assert len(set(searched)) > 1


def test_what_was_pruned_is_told_pruned_and_what_failed_is_told_failed(ledger: Ledger) -> None:
    sweep = add_sweep(ledger, CONTINUOUS)
    driver = make_driver(ledger, sweep, CONTINUOUS)
    train(driver, by_rate, at_most=1)
    for state in ("pruned", "failed"):
        assignment = driver.next_trial()
        assert assignment is not None
        driver.began(assignment.trial_id, HERE)
        driver.report(assignment.trial_id, {"step": 2.0, "value/0": 0.5, "test/0": 0.5})
        row = ledger.set_state(driver.trials[assignment.trial_id], state)
        driver._end(row)
    live = driver.study._optuna
    states = [t.state for t in live.trials if "trial_id" in t.user_attrs]
    assert states == [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL]

    rebuilt = make_driver(ledger, sweep, CONTINUOUS).study._optuna
    assert [t.state for t in rebuilt.trials] == states


def test_a_bad_trial_is_pruned_and_a_good_one_is_not(ledger: Ledger) -> None:
    sweep = add_sweep(ledger, CONTINUOUS)
    driver = make_driver(ledger, sweep, CONTINUOUS, warmup=1)
    train(driver, lambda config, seed, step: 0.5, at_most=8)
    train(driver, lambda config, seed, step: 0.1, at_most=1)
    train(driver, lambda config, seed, step: 0.9, at_most=1)
    states = [t.state for t in ledger.trials(sweep)]
    assert states == ["complete"] * 8 + ["pruned", "complete"]
    pruned = ledger.trials(sweep)[8]
    assert pruned.test is None
    assert pruned.step == 1
    assert pruned.reason == "worse than the median at step 1"


def test_no_ghost_is_left_in_a_rebuilt_study(ledger: Ledger) -> None:
    sweep = add_sweep(ledger, CONTINUOUS)
    driver = make_driver(ledger, sweep, CONTINUOUS)
    for _ in range(3):
        assignment = driver.next_trial()
        assert assignment is not None
        driver.began(assignment.trial_id, HERE)
    rebuilt = make_driver(ledger, sweep, CONTINUOUS)
    train(rebuilt, by_rate, at_most=3)
    states = {t.state for t in rebuilt.study._optuna.trials}
    assert states == {optuna.trial.TrialState.COMPLETE}


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_proposals_are_those_of_a_new_sampler_of_optuna(
    monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    """The study keeps one sampler; the reference makes a new one before each proposal."""
    space, draws = load("focus"), random.Random(0)
    kept, reference = (make_study(space, sampler=sampler) for _ in range(2))
    firsts = set()
    for number in range(30):
        points = [kept.propose(number, attempt) for attempt in range(2)]
        with monkeypatch.context() as patch:
            patch.setattr("sweeps.driving.study.renewed", lambda _, make, seed: make(seed))
            assert points == [reference.propose(number, attempt) for attempt in range(2)]
        firsts.add(str(points[0]))
        state = draws.choice(["complete", "complete", "pruned", "failed", "running"])
        row = Trial(trial_id=str(number), point=points[1], state=state, value=draws.random())
        for study in (kept, reference):
            study.add(row)
    assert len(firsts) > 20
