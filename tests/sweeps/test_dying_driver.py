"""The driver may die between any two of its transactions; the next one comes to the same end."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from sweeps.driving.driver import Driver
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Sweep
from tests.sweeps.conftest import CONTINUOUS, HERE, add_sweep, by_bin, make_driver, train

Writing = Callable[[], AbstractContextManager[Any]]
TRIALS = 11
PRUNING = 48
"""Transactions of the eight trials that the median pruner wants to have seen."""


class Dead(BaseException):
    """Instead of kill -9."""


def die_after(ledger: Ledger, writes: int) -> list[int]:
    """From now on so many transactions are carried out; returns a counter of them."""
    count = [0]
    for name in ("writing", "writing_plainly"):  # the places where it dies
        setattr(ledger, name, _dying(getattr(ledger, name), count, writes))
    return count


def _dying(writing: Writing, count: list[int], writes: int) -> Writing:
    @contextmanager
    def dying() -> Iterator[Any]:
        if count[0] == writes:
            raise Dead
        count[0] += 1
        with writing() as transaction:
            yield transaction

    return dying


def score(config: dict[str, Any], seed: int, step: int) -> float:
    # As good as random, so that some trials are pruned whatever the sampler has learned.
    return float(config["train.learning_rate"]) * 1e4 % 1 * step + seed / 1000


def outcome(ledger: Ledger, sweep: Sweep) -> list[Any]:
    trials = ledger.trials(sweep)
    reports = ledger.reports(trials)
    return [
        (t.number, t.trial_id, t.point, t.state, t.reason, t.value, t.test, t.step)
        + ([(r.seed, r.state, r.step, r.value, r.test) for r in t.replicates],)
        + ([(r.step, r.value, r.metrics) for r in reports[t.id]],)
        for t in trials
    ]


def drive(folder: Path, *deaths: int) -> tuple[list[Any], int]:
    """A sweep whose driver dies after so many transactions each time; and the last one's."""
    folder.mkdir()
    url = f"sqlite:///{folder / 'ledger.db'}"
    ledger = Ledger(url)
    sweep = add_sweep(ledger, CONTINUOUS, planned=TRIALS)
    for writes in deaths:
        die_after(ledger, writes)
        with pytest.raises(Dead):
            train(make_driver(ledger, sweep, CONTINUOUS, warmup=1), score)
        ledger.close()
        ledger = Ledger(url)
    count = die_after(ledger, -1)
    driver = make_driver(ledger, sweep, CONTINUOUS, warmup=1)
    train(driver, score)
    assert driver.done
    found = outcome(ledger, sweep)
    ledger.close()
    return found, count[0]


def test_death_between_any_two_transactions_changes_nothing(tmp_path: Path) -> None:
    expected, writes = drive(tmp_path / "whole")
    assert {row[3] for row in expected} == {"complete", "pruned"}
    rng = random.Random(3)
    # Those where trials are pruned, and some of the others.
    deaths = [*sorted(rng.sample(range(PRUNING), 5)), *range(PRUNING, writes)]
    for death in deaths:
        assert drive(tmp_path / str(death), death)[0] == expected, death


def test_death_again_and_again_changes_nothing(tmp_path: Path) -> None:
    rng = random.Random(4)
    deaths = [rng.randrange(11, 25) for _ in range(4)]
    assert drive(tmp_path / "often", *deaths)[0] == drive(tmp_path / "whole")[0]


def test_a_driver_that_hears_nothing_again_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    expected, writes = drive(tmp_path / "whole")
    monkeypatch.setattr(Driver, "_hear_again", lambda *_: None)
    assert any(drive(tmp_path / str(k), k)[0] != expected for k in range(PRUNING, writes))


@pytest.mark.parametrize("diverged", [False, True])
def test_a_trial_whose_seeds_had_all_ended_is_not_trained_again(
    ledger: Ledger, diverged: bool
) -> None:
    sweep = add_sweep(ledger)
    driver = make_driver(ledger, sweep)
    left = driver.next_trial()
    assert left is not None
    driver.began(left.trial_id, HERE)
    driver.report(left.trial_id, {"step": 2.0, "value/0": 0.5, "value/1": 0.5})
    last = {"step": 4.0, "value/0": 0.5, "test/0": 0.4, "value/1": 0.7, "test/1": 0.6}
    if diverged:
        last = {"step": 4.0, "value/0": 0.5, "test/0": 0.4, "diverged/1": 3.0}
    driver.report(left.trial_id, last)  # and dies here

    assert left.trial_id not in train(make_driver(ledger, sweep), by_bin)
    row = ledger.trials(sweep)[0]
    assert row.state == ("failed" if diverged else "complete")
    assert row.value == (None if diverged else 0.6)


def test_a_stop_after_the_last_report_finds_the_trial_complete(ledger: Ledger) -> None:
    """Negative control: before the last report, the same stop marks it killed."""
    for last, state in ((4.0, "complete"), (2.0, "killed")):
        driver = make_driver(ledger, add_sweep(ledger, name=state))
        left = driver.next_trial()
        assert left is not None
        driver.began(left.trial_id, HERE)
        tests = {"test/0": 1.0, "test/1": 1.0} if last == 4 else {}
        for step in (1.0, 2.0, 3.0, 4.0):
            if step <= last:
                driver.report(
                    left.trial_id, {"step": step, "value/0": 0.5, "value/1": 0.5, **tests}
                )
        driver.stop("stopped by SIGTERM")
        assert driver.trials[left.trial_id].state == state


def test_a_worker_lost_for_good_after_the_last_report_loses_nothing(ledger: Ledger) -> None:
    driver = make_driver(ledger, add_sweep(ledger), most_lost=1)
    left = driver.next_trial()
    assert left is not None
    driver.began(left.trial_id, HERE)
    driver.report(left.trial_id, {"step": 2.0, "value/0": 0.5, "value/1": 0.5})
    driver.report(
        left.trial_id, {"step": 4.0, "value/0": 0.5, "test/0": 1, "value/1": 0.5, "test/1": 1}
    )
    driver.lost(left.trial_id, "its worker was lost 4 times")
    assert driver.trials[left.trial_id].state == "complete"
    assert driver.broken is None


def test_more_seeds_never_prune_what_was_complete(ledger: Ledger) -> None:
    sweep = add_sweep(ledger, CONTINUOUS, planned=10)
    train(make_driver(ledger, sweep, CONTINUOUS, warmup=1), lambda *_: 0.5, at_most=8)
    train(make_driver(ledger, sweep, CONTINUOUS, warmup=1), lambda *_: 0.9, at_most=1)
    sweep = ledger.update_sweep(sweep, seeds=2, planned=9)
    train(make_driver(ledger, sweep, CONTINUOUS, warmup=1), lambda *_: 0.1)
    assert [t.state for t in ledger.trials(sweep)] == ["complete"] * 9
