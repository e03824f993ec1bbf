"""Trials misbehave through the launcher as a user starts it; the same command goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sweeps.launching import (
    assert_the_law_holds,
    assert_the_same_command_goes_on,
    faults,
    finish,
    nothing_outlives_a_test,  # noqa: F401  a fixture
    read,
    start,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_what_trials_do_to_themselves(tmp_path: Path, mlflow: Mlflow) -> None:
    strikes = {"64/64": "fail", "64/128": "leave", "64/256": "diverge", "32/32": "device_memory"}
    launcher = start(tmp_path, env=faults(tmp_path, strikes, once=True))
    said = finish(launcher)
    rows = read(tmp_path)[0]
    assert launcher.returncode == 0, said
    assert [(t.state, t.reason, t.retries) for t in rows] == [
        ("failed", "ValueError: this trial misbehaves", 0),
        ("complete", None, 1),
        ("failed", "diverged: 1 of 2 seeds, the first at step 15", 0),
        (
            "failed",
            "out of memory: CUDA out of memory. Tried to allocate 20.00 GiB.",
            0,
        ),
    ]
    assert "in train_step" in (rows[0].error or "")
    assert_the_same_command_goes_on(mlflow, "--retry-failed")


def test_a_hang_a_memory_hog_and_a_slow_trial_are_moved(tmp_path: Path, mlflow: Mlflow) -> None:
    strikes = {"64/64": "hang", "64/128": "hog", "64/256": "slow"}
    limits = {"FOCUS_HANG_SECONDS": "20", "FOCUS_MAX_RSS_GB": "2.5", "FOCUS_TRIAL_SECONDS": "40"}
    launcher = start(tmp_path, env=faults(tmp_path, strikes, once=True) | limits)
    said = finish(launcher, timeout=200)
    assert launcher.returncode == 0, said
    assert_the_law_holds(mlflow)
    assert [t.retries for t in read(tmp_path)[0]] == [1, 1, 1, 0]
    assert "its worker was lost: no report for 0:00:20, as long as FOCUS_HANG_SECONDS" in said
    assert "GB of memory, more than FOCUS_MAX_RSS_GB=2.5" in said
    assert "took longer than FOCUS_TRIAL_SECONDS=40" in said
    left = [p.name for p in (tmp_path / "checkpoints").rglob("*") if p.is_file()]
    assert left == ["seeds-0-1.pt"] * 4
