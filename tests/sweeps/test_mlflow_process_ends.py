"""MLflow's own process ends with its launcher and with the lease, by no signal, without secrets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from sweeps.machine.process_identity import began
from sweeps.record.lease_reader import LeaseReader
from sweeps.record.ledger import Ledger
from sweeps.record.transactions import Held
from sweeps.showing.tracking.messages import line
from tests.narrowing import known
from tests.sweeps import audited_home as of
from tests.sweeps.listener_rows import make_report, make_sweep, make_trial
from tests.sweeps.local_launches import wait_until
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures
from tests.sweeps.mlflow_process import (
    content,
    is_written,
    process_of,
    start_one,
    tracking,
)

SECRET = "hunter-of-secrets"
LAUNCHER = """
import json, sys, time
from pathlib import Path
from tests.sweeps.listener_rows import make_report, make_sweep, make_trial
from sweeps.showing.tracking.messages import Settings
from sweeps.showing.tracking.own_process import TrackerProcess
tracker = TrackerProcess(Settings.from_data(json.loads(sys.stdin.readline())))
tracker.sweep_started(make_sweep(), [], {})
print(tracker._process.pid, flush=True)
for step in range(10**9):
    tracker.reported(make_sweep(), make_trial(), make_report(make_trial(), step))
    time.sleep(0.01)
"""


def test_the_process_ends_with_a_killed_launcher(mlflow: Mlflow) -> None:
    with tracking(mlflow) as lease:
        launcher = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        stdin, stdout = known(launcher.stdin), known(launcher.stdout)
        stdin.write(line(lease._settings.as_data()))
        stdin.flush()
        pid = int(stdout.readline())
        since = began(pid)
        try:
            wait_until(lambda: is_written(mlflow), "the first report is there")
        finally:
            launcher.kill()
            launcher.communicate()
        wait_until(lambda: began(pid) != since, "the process is gone", seconds=1)
        time.sleep(0.5)  # the kernel may still end a write that the process had begun
        before = content(mlflow)
        time.sleep(0.5)
        assert content(mlflow) == before


def test_no_signal_ends_it_and_nobody_sees_a_secret(mlflow: Mlflow) -> None:
    mlflow.uri = f"{mlflow.uri}?password={SECRET}"
    with tracking(mlflow) as tracker:
        start_one(tracker)
        process = process_of(tracker)
        wait_until(lambda: ignores(process.pid), "it has started")
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
            process.send_signal(number)
        assert os.getsid(process.pid) == process.pid
        seen = [Path(f"/proc/{process.pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
        assert all(b"PYTHONPATH" in seen[1] and SECRET.encode() not in text for text in seen)
        time.sleep(0.2)
        assert process.poll() is None


def ignores(pid: int) -> bool:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (mask,) = (int(line.split()[1], 16) for line in lines if line.startswith("SigIgn"))
    return bool(mask >> (signal.SIGUSR1 - 1) & 1)


@pytest.mark.parametrize("taken", [True, False])
def test_nothing_is_written_once_the_lease_is_lost(mlflow: Mlflow, taken: bool) -> None:
    """Negative control: with the lease still held, the same is written."""
    with tracking(mlflow) as tracker:
        start_one(tracker)
        wait_until(lambda: is_written(mlflow), "the first report is there")
        if taken:
            of.sql(mlflow.folder, "ledger", "update leases set token = 'theirs'")
            time.sleep(0.5)  # what was about to be written when the lease was lost
        before = content(mlflow)
        tracker.reported(make_sweep(), make_trial(), make_report(make_trial(), 100))
        tracker.sweep_ended(make_sweep(), [make_trial()])
        assert tracker.close(60).dropped == int(taken)
        assert (content(mlflow) == before) is taken


def test_a_tracker_that_is_ended_writes_nothing_more(
    mlflow: Mlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kill comes late, as on a busy machine: the process is still not asked to close."""
    with tracking(mlflow) as tracker:
        start_one(tracker)
        wait_until(lambda: is_written(mlflow), "the first report is there")
        tracker.reported(make_sweep(), make_trial(), make_report(make_trial(), 100))
        process = process_of(tracker)
        kill = process.kill

        def kill_late() -> None:
            time.sleep(1.0)
            kill()

        monkeypatch.setattr(process, "kill", kill_late)
        tracker.end()
        assert process_of(tracker).returncode == -signal.SIGKILL
        assert mlflow.points(mlflow.run_id()) in ([(50, 0.5)], [(50, 0.5), (100, 0.5)])
        assert mlflow.status(mlflow.run_id()) == "RUNNING"


def test_a_lease_is_ours_until_it_is_anothers(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    nobodys = LeaseReader(url, Held(1, "ours"))
    assert nobodys.is_ours()  # no ledger can be read: nobody is known to have taken over
    with closing(Ledger(url)) as ledger:
        of.add_sweep(ledger)
    assert not nobodys.is_ours()
    columns = "sweep_id, token, host, pid, machine, began, since, beat"
    of.sql(
        tmp_path,
        "ledger",
        f"insert into leases ({columns}) values (1, 'ours', '', 1, '', '', '', 0)",
    )
    assert nobodys.is_ours()
    assert not LeaseReader(url, Held(1, "theirs")).is_ours()
