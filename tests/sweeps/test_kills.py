"""Through the launcher as a user starts it: on Ray, killed in mid-sweep, and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sweeps import launch
from sweeps.ledger import Ledger
from sweeps.schema import Report, Trial
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

SETTINGS = [
    "model.width=16",
    "train.steps=120",
    "train.eval_every=10",
    "task.eval_sequences=32",
    "task.test_sequences=32",
]
SWEEP = ["--space", "nfft_bins", "--trials", "4", "--seeds", "2", "--set", *SETTINGS]


def start(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "sweeps/launch.py", *SWEEP, "--home", str(home)],
        cwd=Path(launch.__file__).parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read(home: Path) -> tuple[list[Trial], dict[int, list[Report]]]:
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.find_sweep("nfft_bins")
    assert sweep is not None
    rows = ledger.trials(sweep)
    reports = ledger.reports(rows)
    ledger.close()
    return rows, reports


def wait_for(home: Path, ready: Callable[[list[Trial]], bool]) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        if (home / "ledger.db").exists():
            try:
                if ready(read(home)[0]):
                    return
            except (AssertionError, ValueError):  # not all tables are there yet
                pass
        time.sleep(0.1)
    pytest.fail("the sweep did not get so far within 90 s")


def in_the_middle(rows: list[Trial]) -> bool:
    ended = sum(t.state == "complete" for t in rows)
    return ended >= 1 and any(t.state == "running" and t.step >= 10 for t in rows)


def assert_the_law_holds(mlflow: Mlflow) -> None:
    home = mlflow.folder
    rows, reports = read(home)
    assert [(t.state, t.reason) for t in rows] == [("complete", None)] * 4
    assert len({t.trial_id for t in rows}) == 4
    for row in rows:
        assert [(r.seed, r.state, r.step) for r in row.replicates] == [
            (0, "complete", 120),
            (1, "complete", 120),
        ]
        assert [r.step for r in reports[row.id]] == list(range(10, 121, 10))
    assert sorted(mlflow.tags(run)["focus.trial_id"] for run in mlflow.run_ids()) == sorted(
        t.trial_id for t in rows
    )
    assert mlflow.sql("select distinct status from runs") == [("FINISHED",)]
    for run in mlflow.run_ids():
        assert [step for step, _ in mlflow.points(run)] == list(range(10, 121, 10))


def test_kill_9_of_the_launcher_then_the_same_command(tmp_path: Path, mlflow: Mlflow) -> None:
    launcher = start(tmp_path)
    wait_for(tmp_path, in_the_middle)
    launcher.kill()
    launcher.communicate()
    before = {t.trial_id: t.finished for t in read(tmp_path)[0] if t.state == "complete"}

    again = start(tmp_path)
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert_the_law_holds(mlflow)
    after = {t.trial_id: t.finished for t in read(tmp_path)[0]}
    assert before.items() <= after.items()  # what was finished was not touched


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_cleanly_and_the_same_command_goes_on(
    tmp_path: Path, mlflow: Mlflow, number: signal.Signals, code: int
) -> None:
    launcher = start(tmp_path)
    wait_for(tmp_path, in_the_middle)
    os.kill(launcher.pid, number)
    said, _ = launcher.communicate(timeout=60)
    assert launcher.returncode == code, said
    assert "Traceback" not in said
    rows = read(tmp_path)[0]
    stopped = [t for t in rows if t.state == "killed"]
    assert stopped
    assert {t.reason for t in stopped} == {f"stopped by {number.name}"}
    assert {t.state for t in rows} <= {"complete", "killed", "waiting"}

    again = start(tmp_path)
    said, _ = again.communicate(timeout=120)
    assert again.returncode == 0, said
    assert_the_law_holds(mlflow)


def test_a_killed_worker_is_a_retry_and_nothing_is_lost(tmp_path: Path, mlflow: Mlflow) -> None:
    launcher = start(tmp_path)
    wait_for(tmp_path, in_the_middle)
    workers = subprocess.run(
        ["pgrep", "-f", "ray::.*(train|ImplicitFunc|ray_trainable)"],
        capture_output=True,
        text=True,
        check=False,
    )
    pids = [int(p) for p in workers.stdout.split() if descends(int(p), launcher.pid)]
    assert pids
    os.kill(pids[0], signal.SIGKILL)
    said, _ = launcher.communicate(timeout=120)
    assert launcher.returncode == 0, said
    assert_the_law_holds(mlflow)
    assert sum(t.retries for t in read(tmp_path)[0]) == 1


def descends(pid: int, ancestor: int) -> bool:
    while pid > 1:
        if pid == ancestor:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
        except FileNotFoundError:
            return False
    return False


def test_inline_and_ray_train_the_same_trials_to_the_same_values(tmp_path: Path) -> None:
    words = ["--space", "focus", "--trials", "3", "--seeds", "1", "--set", *SETTINGS[:1]]
    words += [
        "train.steps=20",
        "train.warmup_steps=2",
        "train.eval_every=10",
        "task.eval_sequences=64",
    ]
    root = Path(launch.__file__).parent.parent
    found = []
    for name, more in (("ray", []), ("inline", ["--local"])):
        home = ["--home", str(tmp_path / name)]
        done = subprocess.run(
            [sys.executable, "sweeps/launch.py", *words, *home, *more],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        ledger = Ledger(f"sqlite:///{tmp_path / name / 'ledger.db'}")
        sweep = ledger.find_sweep("focus")
        assert sweep is not None
        rows = ledger.trials(sweep)
        found.append([(t.number, t.trial_id, t.point, t.state, t.value) for t in rows])
        ledger.close()
    assert found[0] == found[1]
