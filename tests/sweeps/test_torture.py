"""A short torture, and that its judge sees what it is there to see."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps.record.ledger import Ledger
from tests.sweeps.conftest import GRID, add_sweep, by_bin, make_driver, train
from tests.torture_judge import NAME, ROOT, Record, compare, watch
from tests.torture_processes import Process, below, lives

linux = pytest.mark.skipif(sys.platform != "linux", reason="kills by /proc")


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Not ``tmp_path``: the path of a socket below it has at most 107 characters."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        yield Path(folder)


def start(folder: Path, kills: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.torture", "--kills", str(kills), "--seed", "1"],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@linux
@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_kills_break_nothing(short_folder: Path) -> None:
    done = start(short_folder, 10)
    said, _ = done.communicate()
    assert done.returncode == 0, said
    assert "| violations | 0 |" in said
    kills = re.findall(r"^ +\d+ (driver|worker|raylet|gcs) ", said, re.MULTILINE)
    assert len(kills) == 10
    assert len(set(kills)) > 1
    assert list(short_folder.iterdir()) == []


@linux
@pytest.mark.slow
def test_an_interrupted_torture_leaves_nothing(short_folder: Path) -> None:
    torture = start(short_folder, 10)
    deadline = time.monotonic() + 120
    while "raylet" not in {p.kind for p in below(torture.pid)} and time.monotonic() < deadline:
        time.sleep(0.1)
    pids = {process.pid for process in below(torture.pid)}
    assert len(pids) > 2
    torture.send_signal(signal.SIGTERM)
    said, _ = torture.communicate(timeout=60)
    assert torture.returncode == 128 + signal.SIGTERM, said
    assert {pid for pid in pids if lives(pid)} == set()
    assert list(short_folder.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "words", "kind"),
    [
        ("raylet", ["/x/raylet", "--python_worker_command=python default_worker.py"], "raylet"),
        ("gcs_server", ["/x/gcs_server"], "gcs"),
        ("ray::ImplicitFu", ["ray::ImplicitFunc.train"], "worker"),
        ("python", ["python", "/x/ray/_private/workers/default_worker.py", "--a"], "worker"),
        ("ray::DashboardA", ["ray::DashboardAgent"], "other"),
        ("python", ["python", "sweeps/launch.py"], "other"),
        ("gone", [], "other"),
    ],
)
def test_processes_are_told_apart(name: str, words: list[str], kind: str) -> None:
    assert Process(1, 0, name, "S", tuple(words)).kind == kind


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return trained(tmp_path / "whole")


def trained(home: Path, **changes: Any) -> Path:
    home.mkdir()
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    train(make_driver(ledger, add_sweep(ledger, name=NAME, **changes)), by_bin)
    ledger.close()
    return home


def test_the_same_sweep_twice_is_the_same(whole: Path, tmp_path: Path) -> None:
    again = Record.of(trained(tmp_path / "again"))
    assert compare(again, Record.of(whole), exact=True) == []
    assert compare(again, Record.of(whole), exact=False) == []
    assert len(watch(whole).finished()) == len(GRID.grid())
    assert str(watch(whole)) == "6 of 6 ended"


@pytest.mark.parametrize(
    ("spoil", "seen_if_not_exact"),
    [
        ("update trials set value = value + 1e-12 where number = 3", True),
        ("update replicates set test = 0 where trial_row = 3 and seed = 1", True),
        ("update reports set metrics = '{}' where trial_row = 2 and step = 1", True),
        ("delete from reports where trial_row = 4 and step = 2", True),
        ("update trials set state = 'pruned', value = 0 where number = 0", False),
        ("update trials set trial_id = 'other' where number = 5", False),
    ],
)
def test_what_was_spoilt_is_seen(
    whole: Path, tmp_path: Path, spoil: str, seen_if_not_exact: bool
) -> None:
    """Negative control."""
    home = trained(tmp_path / "spoilt")
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    with ledger.engine.begin() as connection:
        connection.exec_driver_sql(spoil)
    ledger.close()
    record, reference = Record.of(home), Record.of(whole)
    assert compare(record, reference, exact=True)
    assert bool(compare(record, reference, exact=False)) is seen_if_not_exact


def test_a_ledger_that_is_not_there_yet_is_no_trial(tmp_path: Path) -> None:
    assert str(watch(tmp_path)) == "no trial yet"
    (tmp_path / "ledger.db").touch()
    assert watch(tmp_path).trials == []
