"""What dies while Ray starts, or is told to stop by then."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.sweeps.launching import (
    finish,
    kill_one,
    left_of,
    name,
    nothing_outlives_a_test,  # noqa: F401  a fixture
    read,
    start,
    under,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def starting(home: Path, program: str) -> subprocess.Popen[str]:
    """A launcher whose Ray has just started ``program``."""
    launcher = start(home)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if any(name(pid).startswith(program) for pid in under(launcher.pid)):
            return launcher
        time.sleep(0.05)
    pytest.fail(f"no {program} within 60 s")


@pytest.mark.parametrize(("program", "called"), [("gcs_server", "GCS"), ("raylet", "raylet")])
@pytest.mark.parametrize("after", [0.0, 0.7])
def test_ray_dies_while_it_starts(
    tmp_path: Path, mlflow: Mlflow, program: str, called: str, after: float
) -> None:
    launcher = starting(tmp_path, program)
    time.sleep(after)
    processes = under(launcher.pid)
    kill_one(launcher, program)
    began = time.monotonic()
    said = finish(launcher, timeout=60)
    assert launcher.returncode == 1, said
    assert said.strip().splitlines()[-1].startswith("launch.py: Ray is gone: its "), said
    assert time.monotonic() - began < 30
    assert "Traceback" not in said
    assert left_of(processes, seconds=5) == []
    assert {t.state for t in read(tmp_path)[0]} <= {"killed", "waiting"}


def test_a_signal_while_ray_starts_is_obeyed_at_once(tmp_path: Path, mlflow: Mlflow) -> None:
    launcher = starting(tmp_path, "gcs_server")
    processes = under(launcher.pid)
    os.kill(launcher.pid, signal.SIGTERM)
    began = time.monotonic()
    said = finish(launcher, timeout=60)
    assert launcher.returncode == 143, said
    assert time.monotonic() - began < 20
    assert "Traceback" not in said
    assert left_of(processes, seconds=5) == []
