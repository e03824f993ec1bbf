"""Many seeds: names do not grow with them, and every record takes a thousand."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from sweeps import audit, launch
from sweeps.record.ledger import Ledger
from sweeps.workers.checkpoints import TrialCheckpoints, file_name
from tests.sweeps.conftest import add_sweep, by_bin, make_driver, train
from tests.sweeps.local_launches import TINY, last_win, rows
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

MOST = 1000
MOST_NAME = 255  # of a file, on most disks


def some_seeds(draw: random.Random) -> list[int]:
    """A run of seeds, or any that are missing after others were trained."""
    seeds = list(range(draw.randrange(3), draw.randrange(4, MOST)))
    if draw.random() < 0.5:
        return sorted(draw.sample(seeds, draw.randrange(1, len(seeds))))
    return seeds


def test_names_do_not_grow_with_many_seeds_and_tell_them_apart() -> None:
    draw = random.Random(0)
    drawn = {tuple(some_seeds(draw)) for _ in range(500)}
    drawn |= {tuple(range(count)) for count in range(1, MOST + 1)}
    names = {file_name(seeds) for seeds in drawn}
    assert len(names) == len(drawn)
    room = MOST_NAME - len(f".{'0' * 32}.new")  # for what is written beside
    assert max(len(name) for name in names) < room / 2
    assert file_name([0, 1]) == "seeds-0-1.pt"  # few are named


@pytest.mark.parametrize("count", [1, 73, 80, MOST])
def test_the_state_of_many_seeds_is_kept(tmp_path: Path, count: int) -> None:
    said: list[str] = []
    store = TrialCheckpoints(str(tmp_path), "abc", range(count), say=said.append)
    store.save({"step": 1})
    assert store.load() == {"step": 1}
    others = TrialCheckpoints(str(tmp_path), "abc", [*range(count - 1), count], say=said.append)
    assert others.load() is None
    assert said == []


def test_every_record_takes_many_seeds(ledger: Ledger, mlflow: Mlflow) -> None:
    tracker = mlflow.tracker()
    sweep = add_sweep(ledger, seeds=MOST, planned=1)
    driver = make_driver(ledger, sweep, listeners=[tracker])
    (trial_id,) = train(driver, by_bin)
    driver.close()
    assert tracker.close(timeout=120).dropped == 0
    trial = driver.trials[trial_id]
    assert trial.state == "complete"
    assert len(trial.replicates) == MOST
    (run,) = mlflow.run_ids()
    assert mlflow.sql(
        "select count(*) from metrics where run_uuid = ? and key = 'seed/999/validation_accuracy'",
        run,
    )


@pytest.mark.slow
def test_a_sweep_with_many_seeds_is_trained(tmp_path: Path, mlflow: Mlflow) -> None:
    words = last_win(
        [*TINY, "train.steps=2", "train.eval_every=1", "--trials", "1", "--seeds", "300"]
    )
    assert launch.main([*words, "--home", str(tmp_path)]) == 0
    _, (trial,), steps = rows(tmp_path / "ledger.db")
    assert (trial.state, len(trial.replicates)) == ("complete", 300)
    assert list(steps.values()) == [[1, 2]]
    assert audit.main(["--home", str(tmp_path)]) == 0
