"""The guard in a process of its own: what breaks a limit ends it, what does not goes on."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sweeps.workers.guard import Limits, Notes, guarding

BEGIN = """
import re, sys, time
from sweeps.workers.guard import Limits, guarding
limits = Limits(**{limits}).payload()
with guarding({{"limits": limits, "checkpoints": sys.argv[1], "trial_id": "t"}}) as guard:
    {body}
print("survived")
"""
HOLDS_THE_LOCK = 're.match("(a+)+$", "a" * 60 + "b")'


def run(root: Path, limits: dict[str, float], body: str) -> tuple[int, str]:
    code = BEGIN.format(limits=limits, body=body)
    done = subprocess.run(
        [sys.executable, "-c", code, str(root)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout.strip()


def left(root: Path) -> list[str]:
    return [p.name for p in root.rglob("*") if p.is_file()]


@pytest.mark.parametrize(
    ("limits", "body", "reason"),
    [
        ({"hang_seconds": 1}, "time.sleep(30)", "no report for 0:00:01"),
        ({"hang_seconds": 1}, HOLDS_THE_LOCK, "no report for 0:00:01"),
        ({"trial_seconds": 1}, "time.sleep(30)", "took longer than FOCUS_TRIAL_SECONDS=1"),
        (
            {"rss_gb": 0.5},
            "x = bytearray(b'x') * 900_000_000; time.sleep(30)",
            "more than FOCUS_MAX_RSS_GB=0.5",
        ),
    ],
)
def test_a_breach_ends_the_process_and_says_why(
    tmp_path: Path, limits: dict[str, float], body: str, reason: str
) -> None:
    assert run(tmp_path, limits, body) == (1, "")
    notes = Notes(str(tmp_path), "t")
    found = notes.take()
    assert found is not None
    assert reason in found[0]
    assert len(found[0].splitlines()) == 1
    assert ("most recent call first" in found[1]) == ("hang_seconds" in limits)
    assert notes.take() is None
    assert left(tmp_path) == []


@pytest.mark.parametrize(
    ("limits", "body"),
    [
        ({}, "time.sleep(1)"),
        ({"hang_seconds": 60, "trial_seconds": 60, "rss_gb": 50}, "time.sleep(1)"),
        (
            {"hang_seconds": 1, "trial_seconds": 60},
            "\n    ".join(
                ["for _ in range(4):", "    time.sleep(.5)", "    with guard.paused(): 0"]
            ),
        ),
        # waiting for the driver is no trial's fault
        ({"hang_seconds": 1, "rss_gb": 50}, "with guard.paused(): time.sleep(2)"),
    ],
)
def test_what_keeps_its_limits_goes_on(tmp_path: Path, limits: dict[str, float], body: str) -> None:
    assert run(tmp_path, limits, body) == (0, "survived")
    assert left(tmp_path) == []


def test_the_next_trial_of_the_same_process_is_not_harmed(tmp_path: Path) -> None:
    """As with ``reuse_actors``: a trial told to end inside a report leaves no guard behind."""
    before = threading.active_count()
    for number in range(3):
        payload = {
            "limits": Limits(hang_seconds=1, trial_seconds=1).payload(),
            "checkpoints": str(tmp_path),
            "trial_id": f"t{number}",
        }
        with pytest.raises(SystemExit), guarding(payload) as guard, guard.paused():
            raise SystemExit
    time.sleep(1.5)  # this process would be gone
    assert threading.active_count() == before
    assert left(tmp_path) == []


def test_limits_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Limits.from_environment() == Limits()
    monkeypatch.setenv("FOCUS_HANG_SECONDS", "7")
    monkeypatch.setenv("FOCUS_MAX_RSS_GB", "1.5")
    assert Limits.from_environment() == Limits(hang_seconds=7, rss_gb=1.5)
    monkeypatch.setenv("FOCUS_TRIAL_SECONDS", "soon")
    with pytest.raises(ValueError, match="FOCUS_TRIAL_SECONDS='soon' must be a number"):
        Limits.from_environment()
