"""What 0 means for every ``FOCUS_*`` number: a guard that is off, or a wait that is none."""

from __future__ import annotations

import faulthandler
import shutil
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from focus_core.training.loop import fit
from sweeps.auditing import home as audited
from sweeps.commands import settings
from sweeps.driving.assignment import checkpoint_seconds
from sweeps.planning.flags import build_parser
from sweeps.planning.plan import make_plan
from sweeps.record import lease
from sweeps.record.errors import LedgerError
from sweeps.record.home import Home, prepare_home
from sweeps.record.ledger import Ledger
from sweeps.workers import guard
from sweeps.workers.guard import Guard, Limits
from tests.narrowing import known
from tests.sweeps.conftest import add_sweep, make_driver, small_base
from tests.sweeps.test_faults_driver import lose
from tests.sweeps.test_lease import put

Patch = pytest.MonkeyPatch


def _is_silenced(patch: Patch, folder: Path) -> bool:
    """A worker is watched for silence."""
    armed: list[float] = []
    patch.setattr(faulthandler, "dump_traceback_later", lambda seconds, **_: armed.append(seconds))
    watching = Guard(Limits.from_environment(), lambda _: None, sys.stderr)
    watching.start()
    watching.stop()
    return bool(armed)


def _is_ended(patch: Patch, folder: Path) -> bool:
    """A worker is ended for what it has taken."""
    patch.setattr(faulthandler, "dump_traceback_later", lambda *_, **__: None)
    patch.setattr(guard, "LOOK_SECONDS", 0.005)
    ended = threading.Event()
    limits = Limits.from_environment()
    watching = Guard(limits, lambda _: None, sys.stderr, end=lambda _: ended.set())
    watching.start()
    struck = ended.wait(2)  # some hundred looks
    watching.stop()
    return struck


def _sweep_ends(patch: Patch, folder: Path) -> bool:
    """More losses in a row than by default end a sweep."""
    with closing(Ledger(f"sqlite:///{folder / 'ledger.db'}")) as ledger:
        most = Limits.from_environment().most_lost
        driver = make_driver(ledger, add_sweep(ledger), most_lost=most)
        for _ in range(Limits.most_lost + 1):
            if driver.broken is None:
                lose(driver)
        return driver.broken is not None


def _is_refused(patch: Patch, folder: Path) -> bool:
    """A disk without a byte of free space is refused."""
    plan = make_plan(build_parser().read(["--space", "order", "--home", str(folder / "home")]))
    patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=0))
    try:
        prepare_home(plan.home)
    except ValueError as error:
        return "MB are free" in str(error)
    return False


GUARDS: dict[str, tuple[str, Callable[[Patch, Path], bool]]] = {
    "FOCUS_HANG_SECONDS": ("5", _is_silenced),
    "FOCUS_TRIAL_SECONDS": ("0.001", _is_ended),
    "FOCUS_MAX_RSS_GB": ("0.001", _is_ended),
    "FOCUS_MAX_LOST": ("2", _sweep_ends),
    "FOCUS_MIN_FREE_MB": ("1", _is_refused),
}
"""A value under which each strikes at once, and whether it struck."""


@pytest.mark.parametrize("name", GUARDS)
@pytest.mark.parametrize("off", [False, True])
def test_0_switches_a_guard_off(name: str, off: bool, monkeypatch: Patch, tmp_path: Path) -> None:
    strict, strikes = GUARDS[name]
    monkeypatch.setenv(name, "0" if off else strict)
    assert strikes(monkeypatch, tmp_path) != off


def _saves(patch: Patch, folder: Path) -> None:
    """Every evaluation is saved; with the default only the end of so short a trial."""
    trial = small_base().override({"train.eval_every": 1})
    saved: list[int] = []
    store = SimpleNamespace(load=lambda: None, save=lambda state: saved.append(state["step"]))
    fit(trial, [0], lambda _: None, checkpoints=store, checkpoint_seconds=checkpoint_seconds())
    assert saved == [1, 2, 3, 4]


def _takes_over(patch: Patch, folder: Path) -> None:
    """Another machine's launcher is not watched, and counts as dead."""
    patch.setattr(time, "sleep", lambda _: pytest.fail("it waited"))
    with closing(Ledger(f"sqlite:///{folder / 'ledger.db'}")) as ledger:
        sweep = add_sweep(ledger)
        put(ledger, sweep, machine="another")
        with lease.hold(ledger, sweep):
            pass


def _does_not_queue(patch: Patch, folder: Path) -> None:
    """A locked ledger fails at once."""
    path = folder / "ledger.db"
    began = time.monotonic()
    other = sqlite3.connect(path, isolation_level=None)
    with closing(other), closing(Ledger(f"sqlite:///{path}")) as ledger:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="locked"):
            add_sweep(ledger)
    assert time.monotonic() - began < 20  # of 30 by default


def _looks_again(patch: Patch, folder: Path) -> None:
    """The audit of a running sweep looks twice without a pause."""
    slept: list[float] = []
    patch.setattr(time, "sleep", slept.append)
    found: Any = SimpleNamespace(
        name="s", held=True, disagreements=["d"], rows=None, points_checked=True, missing=0
    )
    patch.setattr(audited, "_look_once", lambda *_: [found])
    audited.look(Home(folder, "", ""), None)
    assert slept == [0]


WAITS: dict[str, Callable[[Patch, Path], None]] = {
    "FOCUS_CHECKPOINT_SECONDS": _saves,
    "FOCUS_LEASE_SECONDS": _takes_over,
    "FOCUS_BUSY_MS": _does_not_queue,
    "FOCUS_AUDIT_SECONDS": _looks_again,
}


@pytest.mark.parametrize("name", WAITS)
def test_0_is_no_wait_at_all(name: str, monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.setenv(name, "0")
    WAITS[name](monkeypatch, tmp_path)


def test_negative_control_without_the_setting_there_is_a_wait(
    monkeypatch: Patch, tmp_path: Path
) -> None:
    for name in ("FOCUS_CHECKPOINT_SECONDS", "FOCUS_AUDIT_SECONDS"):
        monkeypatch.delenv(name, raising=False)
        with pytest.raises(AssertionError):
            WAITS[name](monkeypatch, tmp_path)


def test_a_part_of_a_lost_trial_switches_nothing_off(monkeypatch: Patch) -> None:
    monkeypatch.setenv("FOCUS_MAX_LOST", "0.5")
    assert Limits.from_environment().most_lost == 1


def test_every_number_is_a_guard_or_a_wait() -> None:
    assert sorted([*GUARDS, *WAITS]) == list(settings.NUMBERS)


@pytest.mark.parametrize("most", ["1e10", "inf", "-1", "nan"])
def test_a_number_that_no_clock_takes_is_refused(most: str, monkeypatch: Patch) -> None:
    monkeypatch.setenv("FOCUS_HANG_SECONDS", most)
    with pytest.raises(ValueError, match=f"'{most}' must be a number from 0 to 1e\\+09"):
        settings.check_settings()


def test_the_greatest_number_is_taken_by_the_clock_and_by_sqlite(
    monkeypatch: Patch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FOCUS_HANG_SECONDS", "1e9")
    monkeypatch.setenv("FOCUS_BUSY_MS", "1e9")
    settings.check_settings()
    watching = Guard(Limits.from_environment(), lambda _: None, known(sys.__stderr__))
    watching.start()
    watching.stop()
    Ledger(f"sqlite:///{tmp_path / 'ledger.db'}").close()
