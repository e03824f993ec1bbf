"""How the driver counts what is lost, without Ray."""

from __future__ import annotations

import pytest

from sweeps.driving.driver import Driver
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Trial
from tests.narrowing import kind
from tests.sweeps.conftest import HERE, add_sweep, by_bin, make_driver, train


def lose(driver: Driver) -> str:
    assignment = driver.next_trial()
    assert assignment is not None
    driver.began(assignment.trial_id, HERE)
    driver.lost(assignment.trial_id, "its worker was lost 4 times")
    return assignment.trial_id


def test_so_many_losses_in_a_row_end_the_sweep(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    driver = make_driver(ledger, sweep, most_lost=3)
    for _ in range(2):
        lose(driver)
        assert driver.broken is None
    lose(driver)
    assert driver.broken == "3 trials lost in a row, the last: its worker was lost 4 times"
    assert driver.next_trial() is None
    assert not driver.done
    again = make_driver(ledger, sweep, most_lost=3, retry_failed=True)
    assert len(train(again, by_bin)) == 6


@pytest.mark.parametrize("most_lost", [0, 3])
def test_losses_with_a_completed_trial_between_do_not(ledger: Ledger, most_lost: int) -> None:
    driver = make_driver(ledger, add_sweep(ledger), most_lost=most_lost)
    lose(driver)
    lose(driver)
    train(driver, by_bin, at_most=1)
    lose(driver)
    lose(driver)
    assert driver.broken is None
    assert len(train(driver, by_bin)) == 1


def test_a_trial_that_fails_by_itself_is_no_loss(ledger: Ledger) -> None:
    driver = make_driver(ledger, add_sweep(ledger), most_lost=1)
    assignment = driver.next_trial()
    assert assignment is not None
    driver.began(assignment.trial_id, HERE)
    driver.failed(assignment.trial_id, "ValueError: no")
    assert driver.broken is None


def test_a_lost_worker_is_told_with_its_reason_until_the_trial_goes_on(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    told: list[tuple[str, str, str | None]] = []

    class Told:
        def __getattr__(self, name: str) -> object:
            def note(_sweep: object, *details: object) -> None:
                if name.startswith("trial_"):
                    trial = kind(Trial, details[0])
                    told.append((name, trial.state, trial.reason))

            return note

    driver = make_driver(ledger, sweep, listeners=[Told()])
    assignment = driver.next_trial()
    assert assignment is not None
    driver.began(assignment.trial_id, HERE)
    driver.retried(assignment.trial_id, "its worker was lost: used 3 GB")
    driver.began(assignment.trial_id, HERE)
    assert told == [
        ("trial_started", "running", None),
        ("trial_ended", "waiting", "its worker was lost: used 3 GB"),
        ("trial_started", "running", None),
    ]
    assert ledger.trials(sweep)[0].retries == 1


def test_a_stop_while_a_trial_waits_for_another_worker(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    driver = make_driver(ledger, sweep)
    assignment = driver.next_trial()
    assert assignment is not None
    driver.began(assignment.trial_id, HERE)
    driver.retried(assignment.trial_id, "its worker was lost")
    driver.stop("stopped by SIGINT")
    assert [(t.state, t.reason) for t in ledger.trials(sweep)] == [("killed", "stopped by SIGINT")]
    assert train(make_driver(ledger, sweep), by_bin)[0] == assignment.trial_id
