from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sweeps.machine.process_identity import began, this_machine
from sweeps.record.errors import LeaseLostError, LedgerError
from sweeps.record.lease import hold, holder
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Lease, Sweep
from tests.sweeps.conftest import add_sweep
from tests.sweeps.local_launches import (
    wait_until,
)


@pytest.fixture
def other(ledger: Ledger, tmp_path: Path) -> Iterator[Ledger]:
    """The same ledger, as another launcher has it open."""
    opened = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    yield opened
    opened.close()


def put(ledger: Ledger, sweep: Sweep, **changes: object) -> None:
    """Somebody's lease."""
    row = {"token": "theirs", "host": "h", "pid": os.getpid(), "machine": this_machine()}
    row |= {"began": began(os.getpid()), "since": datetime(2026, 11, 22, 12, 0, 3, tzinfo=UTC)}
    with ledger.writing() as session:
        session.add(Lease(sweep_id=sweep.id, **{**row, **changes}))


def token(ledger: Ledger, sweep: Sweep) -> str | None:
    with ledger.reading() as session:
        lease = session.get(Lease, sweep.id)
        return None if lease is None else lease.token


def beat(ledger: Ledger, sweep: Sweep) -> int:
    with ledger.reading() as session:
        return session.get_one(Lease, sweep.id).beat


def dead_pid() -> int:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_a_live_holder_is_named_and_respected(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    put(ledger, sweep)
    held = f"sweep 's' is held by pid {os.getpid()} on host h since 2026-11-22 12:00:03 UTC: wait,"
    with pytest.raises(ValueError, match=held), hold(ledger, sweep):
        pass
    assert token(ledger, sweep) == "theirs"
    assert (
        str(holder(ledger, sweep)) == f"pid {os.getpid()} on host h since 2026-11-22 12:00:03 UTC"
    )


@pytest.mark.parametrize("gone", ["dead", "another process"])
def test_a_holder_that_is_gone_is_replaced_and_the_lease_released(
    ledger: Ledger, gone: str
) -> None:
    sweep = add_sweep(ledger)
    put(ledger, sweep, **({"pid": dead_pid()} if gone == "dead" else {"began": "1"}))
    assert holder(ledger, sweep) is None
    with hold(ledger, sweep):
        found = holder(ledger, sweep)
        assert found is not None
        assert found.pid == os.getpid()
    assert token(ledger, sweep) is None


def test_a_killed_process_that_nobody_has_waited_for_is_gone() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert began(process.pid) is not None
    process.kill()
    wait_until(lambda: began(process.pid) is None, "the process has gone")
    process.communicate()


@pytest.mark.parametrize("year", [1970, 2100])
def test_another_machines_silent_holder_is_replaced_whatever_the_clocks_say(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, year: int
) -> None:
    monkeypatch.setenv("FOCUS_LEASE_SECONDS", "0.3")
    sweep = add_sweep(ledger)
    put(ledger, sweep, machine="another", pid=1, since=datetime(year, 1, 1, tzinfo=UTC))
    assert holder(ledger, sweep) is not None  # from here one cannot know
    with hold(ledger, sweep):
        assert token(ledger, sweep) not in (None, "theirs")


def test_another_machines_holder_that_beats_is_respected(
    ledger: Ledger, other: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOCUS_LEASE_SECONDS", "30")
    sweep = add_sweep(ledger)
    with hold(other, sweep, beat_seconds=0.05):
        with other.writing() as session:
            session.get_one(Lease, sweep.id).machine = "another"
        with pytest.raises(ValueError, match="is held by"), hold(ledger, sweep):
            pass


def test_the_holder_beats_and_every_write_of_its_own_does_too(ledger: Ledger) -> None:
    sweep = add_sweep(ledger)
    with hold(ledger, sweep, beat_seconds=0.05):
        wait_until(lambda: beat(ledger, sweep) >= 3, "three beats")
    with hold(ledger, sweep, beat_seconds=1000):
        before = beat(ledger, sweep)
        ledger.update_sweep(sweep, planned=7)
        assert beat(ledger, sweep) == before + 1


def test_a_lost_lease_is_noticed_by_the_next_write_which_is_undone(
    ledger: Ledger, other: Ledger
) -> None:
    sweep = add_sweep(ledger)
    with hold(ledger, sweep, beat_seconds=1000):
        with other.writing() as session:
            session.get_one(Lease, sweep.id).token = "theirs"
        for _ in range(2):  # and so is every one after it
            with pytest.raises(LeaseLostError, match="taken over by another launcher"):
                ledger.update_sweep(sweep, planned=99)
    found = other.find_sweep("s")
    assert found is not None
    assert found.planned == sweep.planned
    assert token(other, sweep) == "theirs"  # not released by the one who lost it


def test_a_lost_lease_is_noticed_by_the_next_beat(ledger: Ledger, other: Ledger) -> None:
    sweep = add_sweep(ledger)
    noticed = threading.Event()
    told: list[LedgerError] = []

    def hears(error: LedgerError) -> None:
        told.append(error)
        noticed.set()

    ledger.on_failure = hears
    with hold(ledger, sweep, beat_seconds=0.05):
        with other.writing() as session:
            session.get_one(Lease, sweep.id).token = "theirs"
        assert noticed.wait(10)
    assert [type(error) for error in told] == [LeaseLostError]


def test_a_setting_that_is_no_number_is_refused(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOCUS_LEASE_SECONDS", "soon")
    sweep = add_sweep(ledger)
    put(ledger, sweep, machine="another")
    with pytest.raises(ValueError, match="FOCUS_LEASE_SECONDS='soon' must be a number"):
        hold(ledger, sweep).__enter__()
