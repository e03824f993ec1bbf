from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from sweeps.record.ledger import Ledger
from sweeps.record.schema import State, Sweep, Trial
from tests.sweeps.conftest import add_sweep


def add_trial(ledger: Ledger, sweep: Sweep, *, number: int = 0, seeds: int = 2) -> Trial:
    trial = ledger.add_trial(
        Trial(
            sweep_id=sweep.id,
            number=number,
            trial_id=f"id{number}",
            point={},
            config={"train.steps": 4},
            causal=True,
            state="waiting",
            steps=4,
            replicates=[],
        )
    )
    trial = ledger.open_replicates(trial, list(range(seeds)))
    return ledger.set_state(trial, "running")


def stored(ledger: Ledger, sweep: Sweep) -> Trial:
    return ledger.trials(sweep)[0]


def test_a_trial_is_complete_with_the_mean_over_all_seeds(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    trial = add_trial(ledger, sweep)
    ledger.record(
        trial, {"step": 2, "value/0": 0.1, "value/1": 0.3, "seconds": 1.0}, seeds=range(2)
    )
    final = {"step": 4, "value/0": 0.4, "value/1": 0.6, "test/0": 0.3, "test/1": 0.5}
    ledger.record(trial, {**final, "seconds": 2.0}, seeds=range(2))
    ledger.complete(trial, seeds=range(2))

    row = stored(ledger, sweep)
    assert (row.state, row.value, row.test, row.seconds) == ("complete", 0.5, 0.4, 3.0)
    assert [(r.state, r.step) for r in row.replicates] == [("complete", 4), ("complete", 4)]
    steps = [(r.step, r.value) for r in ledger.reports([row])[row.id]]
    assert steps == [(2, 0.2), (4, 0.5)]


def test_a_trial_with_a_diverged_seed_fails_and_has_no_value_of_the_survivors(
    ledger: Ledger,
) -> None:
    sweep = add_sweep(ledger)
    trial = add_trial(ledger, sweep)
    ledger.record(trial, {"step": 2, "value/0": 0.9, "diverged/1": 2}, seeds=range(2))
    ledger.record(
        trial, {"step": 4, "value/0": 0.9, "test/0": 0.9, "diverged/1": 2}, seeds=range(2)
    )
    ledger.complete(trial, seeds=range(2))

    row = stored(ledger, sweep)
    assert (row.state, row.value, row.test) == ("failed", None, None)
    assert row.reason == "diverged: 1 of 2 seeds, the first at step 2"
    assert [r.state for r in row.replicates] == ["complete", "diverged"]


def test_work_repeated_since_a_checkpoint_overwrites_its_reports(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    trial = add_trial(ledger, sweep)
    for value in (0.1, 0.2):
        ledger.record(trial, {"step": 2, "value/0": value, "value/1": value}, seeds=range(2))
    assert [r.value for r in ledger.reports([trial])[trial.id]] == [0.2]


def test_seeds_added_later_join_the_reports_of_the_first(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    trial = add_trial(ledger, sweep, seeds=1)
    ledger.record(trial, {"step": 4, "value/0": 0.2, "test/0": 0.2}, seeds=range(1))
    ledger.complete(trial, seeds=range(1))
    ledger.open_replicates(trial, [0, 1])
    _, report = ledger.record(trial, {"step": 4, "value/1": 0.6, "test/1": 0.6}, seeds=range(2))
    ledger.complete(trial, seeds=range(2))
    assert report.value == pytest.approx(0.4)
    assert stored(ledger, sweep).value == pytest.approx(0.4)


def test_seeds_added_later_do_not_hide_the_worst_of_the_first(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    trial = add_trial(ledger, sweep, seeds=1)
    first = {"step": 4, "value/0": 0.2, "test/0": 0.2, "leak/0": 0.5, "leak": 0.5, "test": 0.2}
    ledger.record(trial, first, seeds=range(1))
    ledger.complete(trial, seeds=range(1))
    ledger.open_replicates(trial, [0, 1])
    second = {"step": 4, "value/1": 0.6, "test/1": 0.6, "leak/1": 1e-7, "leak": 1e-7, "test": 0.6}
    _, report = ledger.record(trial, second, seeds=range(2))
    assert report.metrics["leak"] == 0.5
    assert report.metrics["test"] == pytest.approx(0.4)


def test_values_that_json_cannot_hold_are_stored_as_none(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    trial = add_trial(ledger, sweep)
    _, report = ledger.record(trial, {"step": 1, "train_loss/0": float("nan")}, seeds=range(2))
    assert report.metrics == {"train_loss/0": None}
    assert report.value is None


def test_a_reset_trial_has_nothing_trained(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    trial = add_trial(ledger, sweep)
    ledger.record(trial, {"step": 4, "value/0": 0.5, "diverged/1": 3}, seeds=range(2))
    ledger.complete(trial, seeds=range(2))
    row = ledger.reset(trial)
    assert (row.state, row.step, row.seconds, row.reason) == ("waiting", 0, 0.0, None)
    assert ledger.reports([row]) == {row.id: []}
    assert stored(ledger, sweep).replicates == []


def test_times_come_back_with_their_zone(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    found = ledger.find_sweep(sweep.name)
    assert found is not None
    assert found.created.tzinfo is not None


def test_the_ledger_is_in_wal_mode(ledger: Ledger) -> None:
    with ledger.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE recipes (id INTEGER)")
    other.close()
    with pytest.raises(ValueError, match="database of something else"):
        Ledger(f"sqlite:///{path}")
    with sqlite3.connect(path) as other:
        tables = other.execute("SELECT name FROM sqlite_master").fetchall()
    other.close()
    assert tables == [("recipes",)]


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_text("not a database, but long enough to have a header of its own " * 20)
    with pytest.raises(ValueError, match=r"cannot open .* as a ledger"):
        Ledger(f"sqlite:///{path}")


def test_another_schema_version_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    Ledger(url).close()
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        database.execute("UPDATE schema_info SET version = 99")
    database.close()
    with pytest.raises(ValueError, match="schema version 99"):
        Ledger(url)


@pytest.mark.parametrize("state", ["failed", "pruned"])
def test_what_did_not_reach_its_budget_keeps_no_test_score_of_fewer_seeds(
    ledger: Ledger, state: State
) -> None:
    sweep = add_sweep(ledger)
    trial = add_trial(ledger, sweep, seeds=1)
    ledger.record(trial, {"step": 4, "value/0": 0.2, "test/0": 0.2}, seeds=range(1))
    ledger.complete(trial, seeds=range(1))
    ledger.open_replicates(trial, [0, 1])
    assert ledger.set_state(trial, state, reason="...").test is None


def test_equal_names_and_texts_of_configs_are_held_once(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    for number in range(2):
        config = {"train.steps": 4, "model.name": "focus " * 2, "list": [1, {"a": None}]}
        add_trial(ledger, sweep, number=number)
        with ledger.writing() as session:
            session.merge(Trial(id=number + 1, config=config))
    first, second = (trial.config for trial in ledger.trials(sweep))
    assert first == second == config
    assert all(a is b for a, b in zip(first, second, strict=True))
    assert first["model.name"] is second["model.name"]


def test_up_to_where_every_seed_has_reported(ledger: Ledger) -> None:
    trial = add_trial(ledger, add_sweep(ledger))
    assert ledger.reported(trial, range(2)) == 0
    said = {"step": 4, "value/0": 0.1, "value/1": 0.3, "test/0": 0.1, "test/1": 0.1, "seconds": 1.0}
    trial, _ = ledger.record(trial, said, seeds=range(2))
    assert (ledger.reported(trial, range(2)), ledger.reported(trial, range(3))) == (4, 0)
