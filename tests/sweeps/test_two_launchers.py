"""Two launchers on one sweep, as real processes."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from sweeps.record.lease import holder
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Lease, Sweep
from tests.sweeps.local_launches import (
    LONG,
    ROOT,
    assert_one_line,
    has_reported,
    launched,
    rows,
    run_here,
    wait_until,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# Everything is imported before the whistle, so that all of them start within a millisecond.
WAITS = """
import sys
import torch
from sweeps import launch
from sweeps.launching import run
sys.stdin.readline()
sys.exit(launch.main(sys.argv[1:]))
"""


def token(ledger: Ledger, sweep: Sweep) -> str | None:
    with ledger.reading() as session:
        lease = session.get(Lease, sweep.id)
        return None if lease is None else lease.token


def test_of_launchers_started_at_once_in_an_empty_home_exactly_one_goes_on(tmp_path: Path) -> None:
    home = tmp_path / "home"
    launchers = [
        subprocess.Popen(
            [sys.executable, "-c", WAITS, *LONG, "--home", str(home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    try:
        time.sleep(1)
        for launcher in launchers:
            assert launcher.stdin is not None
            launcher.stdin.write("go\n")
            launcher.stdin.flush()
        database = home / "ledger.db"
        wait_until(lambda: sum(p.poll() is not None for p in launchers) == 3, "three refusals")
        wait_until(has_reported(database), "the fourth trains")
        (winner,) = [p for p in launchers if p.poll() is None]
        for loser in launchers:
            if loser is not winner:
                _, complained = loser.communicate()
                assert loser.returncode == 2, complained
                who = f"sweep 'nfft_bins' is held by pid {winner.pid} on host "
                assert_one_line(complained, who, " UTC: wait, stop it, or choose another --name")
        winner.terminate()
        _, complained = winner.communicate(timeout=60)
        assert winner.returncode == 143, complained
    finally:
        for launcher in launchers:
            launcher.kill()
            launcher.communicate()
    assert len(rows(database)[1]) == 1
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("select count(*) from sweeps").fetchone() == (1,)
        assert connection.execute("select count(*) from leases").fetchone() == (0,)


def test_after_kill_9_the_next_launch_takes_over_at_once(tmp_path: Path, mlflow: Mlflow) -> None:
    database = tmp_path / "ledger.db"
    with launched(tmp_path, LONG) as launcher:
        wait_until(has_reported(database), "a trial runs")
        launcher.kill()
        launcher.wait()
    sweep, _, _ = rows(database)
    with closing(Ledger(f"sqlite:///{database}")) as ledger:
        assert token(ledger, sweep) is not None
        assert holder(ledger, sweep) is None
    code, _, complained = run_here(tmp_path, [*LONG, "--time-budget", "1s"])
    assert (code, complained) == (75, "")
    with closing(Ledger(f"sqlite:///{database}")) as ledger:
        assert token(ledger, sweep) is None


def test_a_launcher_suspended_while_another_took_over_writes_nothing_more(
    tmp_path: Path, mlflow: Mlflow
) -> None:
    database = tmp_path / "ledger.db"
    with launched(tmp_path, LONG) as first:
        wait_until(has_reported(database), "a trial runs")
        first.send_signal(signal.SIGSTOP)
        with closing(sqlite3.connect(database)) as connection, connection:
            # As a launcher on another machine sees it: a pid that says nothing, and no beat.
            connection.execute("update leases set machine = 'another'")
        with launched(tmp_path, LONG, FOCUS_LEASE_SECONDS="1") as second:

            def has_taken_over() -> bool:
                with closing(sqlite3.connect(database)) as connection:
                    return connection.execute("select pid from leases").fetchall() == [
                        (second.pid,)
                    ]

            wait_until(has_taken_over, "the second one takes over")
            first.send_signal(signal.SIGCONT)
            _, complained = first.communicate(timeout=60)
            assert first.returncode == 1
            assert_one_line(complained, "was taken over by another launcher")
            seen = max(len(steps) for steps in rows(database)[2].values())
            wait_until(has_reported(database, seen + 3), "the second one goes on")
            assert {t.state for t in rows(database)[1]} == {"running"}
            second.terminate()
            second.communicate(timeout=60)
            assert second.returncode == 143
