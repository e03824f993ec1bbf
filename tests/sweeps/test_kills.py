"""Through the launcher as a user starts it: on Ray, killed in mid-sweep, and started again."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.record.ledger import Ledger
from tests.sweeps.launching import (
    ROOT,
    SETTINGS,
    assert_the_law_holds,
    faults,
    in_the_middle,
    kill_one,
    nothing_outlives_a_test,  # noqa: F401  a fixture
    read,
    start,
    wait_for,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures


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
    kill_one(launcher, "ray::ImplicitFunc")
    said, _ = launcher.communicate(timeout=120)
    assert launcher.returncode == 0, said
    assert_the_law_holds(mlflow)
    assert sum(t.retries for t in read(tmp_path)[0]) == 1


@pytest.mark.parametrize(
    ("when", "fault", "retries"),
    [
        ("between", "leave", 1),
        ("between", "refuse", 1),
        ("after", "leave", 0),
        ("after", "fail", 0),
    ],
)
def test_what_strikes_around_a_trial_loses_nothing(
    tmp_path: Path, mlflow: Mlflow, when: str, fault: str, retries: int
) -> None:
    """Tune itself gives up a trial whose worker dies before it has begun with it.

    After its last report a trial is complete: it is not tried again.
    """
    launcher = start(tmp_path, env=faults(tmp_path, {when: fault}, once=True))
    said, _ = launcher.communicate(timeout=120)
    assert launcher.returncode == 0, said
    assert (tmp_path / "faults" / when).exists()
    assert_the_law_holds(mlflow)
    assert sum(t.retries for t in read(tmp_path)[0]) == retries


def test_inline_and_ray_train_the_same_trials_to_the_same_values(
    tmp_path: Path,
    blank_database: Path,  # noqa: F811
) -> None:
    words = ["--space", "focus", "--trials", "3", "--seeds", "1", "--set", *SETTINGS[:1]]
    words += [
        "train.steps=20",
        "train.warmup_steps=2",
        "train.eval_every=10",
        "task.eval_sequences=64",
    ]
    found = []
    for name, more in (("ray", []), ("inline", ["--local"])):
        home = ["--home", str(tmp_path / name)]
        (tmp_path / name).mkdir()
        shutil.copy(blank_database, tmp_path / name / "mlflow.db")
        done = subprocess.run(
            [sys.executable, "sweeps/launch.py", *words, *home, *more],
            cwd=ROOT,
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
