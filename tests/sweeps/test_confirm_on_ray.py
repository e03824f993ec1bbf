"""A search and its confirmation on Ray, whose launcher is killed half-way: the law holds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import search_spaces
from sweeps import audit
from sweeps.planning.question import parse_settings
from tests.sweeps.launching import ROOT, SETTINGS, STARTED, finish, nothing_outlives_a_test, read
from tests.sweeps.local_launches import rows

__all__ = ["nothing_outlives_a_test"]  # a fixture
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CONFIRM = "nfft_bins-confirm"
STEPS = list(range(10, 121, 10))


def start(home: Path, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "sweeps/launch.py", "--space", "nfft_bins", "--home", str(home)]
    started = subprocess.Popen(
        [*command, *words, "--set", *SETTINGS],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    STARTED.append(started)
    return started


def test_a_confirmation_whose_launcher_is_killed_is_trained_once(tmp_path: Path) -> None:
    search = start(tmp_path, "--sampler", "tpe", "--trials", "3", "--seeds", "1")
    said = finish(search)
    assert search.returncode == 0, said
    trials, _ = read(tmp_path)
    base = search_spaces.load("nfft_bins").base().override(parse_settings(SETTINGS))
    assert trials[0].trial_id == base.trial_id

    confirm = start(tmp_path, "--confirm", "2")
    deadline = time.monotonic() + 240
    while not half_way(tmp_path):
        assert confirm.poll() is None, finish(confirm)
        assert time.monotonic() < deadline
        time.sleep(0.1)
    confirm.send_signal(signal.SIGKILL)
    confirm.wait()
    again = start(tmp_path, "--confirm", "2")
    said = finish(again)
    assert again.returncode == 0, said

    _, found, reported = rows(tmp_path / "ledger.db", CONFIRM)
    assert len({t.trial_id for t in found}) == len(found)
    for trial in found:
        assert [(r.seed, r.state, r.step) for r in trial.replicates] == [
            (1000, "complete", 120),
            (1001, "complete", 120),
        ]
    assert list(reported.values()) == [STEPS] * len(found)
    assert {t.trial_id for t in found} <= {t.trial_id for t in trials}
    assert audit.main(["--home", str(tmp_path)]) == 0


def half_way(home: Path) -> bool:
    try:
        return any(rows(home / "ledger.db", CONFIRM)[2].values())
    except AssertionError:  # there is no such sweep yet
        return False
