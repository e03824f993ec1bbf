"""The launcher as a user starts it, and what its records must say afterwards."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from sweeps import audit, launch
from sweeps.machine.process_identity import began
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Report, Trial
from sweeps.workers.on_ray.processes import below
from tests.sweeps.local_launches import last_win
from tests.sweeps.mlflow_database import Mlflow

ROOT = Path(launch.__file__).parent.parent
SETTINGS = [
    "model.width=16",
    "train.steps=120",
    "train.eval_every=10",
    "task.eval_sequences=32",
    "task.test_sequences=32",
]
STARTED: list[subprocess.Popen[str]] = []
SWEEP = ["--space", "nfft_bins", "--trials", "4", "--seeds", "2", "--set", *SETTINGS]


def start(
    home: Path,
    *words: str,
    own_group: bool = False,
    root: Path = ROOT,
    program: Sequence[str] = ("sweeps/launch.py",),
    env: Mapping[str, str] | None = None,
    **environment: str,
) -> subprocess.Popen[str]:
    """The launcher of the sweep above, of the checkout at ``root``; the last ``words`` win."""
    started = subprocess.Popen(
        [sys.executable, *program, *last_win([*SWEEP, *words]), "--home", str(home)],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), **(env or {}), **environment},
        start_new_session=own_group,
    )
    STARTED.append(started)
    return started


@pytest.fixture(autouse=True)
def nothing_outlives_a_test() -> Iterator[None]:
    """Also of one that failed: no launcher is left, and nothing of Ray that it started."""
    yield
    while STARTED:
        started = STARTED.pop()
        if started.poll() is None:
            for pid in [started.pid, *under(started.pid)]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        if started.stdout is not None and not started.stdout.closed:
            started.communicate()


def faults(folder: Path, strikes: Mapping[str, str], *, once: bool) -> dict[str, str]:
    """The environment in which trials misbehave (see ``misbehaviour``)."""
    path = folder / "faults"
    path.mkdir()
    shutil.copy(ROOT / "tests/sweeps/misbehaviour.py", path / "sitecustomize.py")
    found = {"PYTHONPATH": str(path), "FAULTS": json.dumps(strikes)}
    return {**found, "FAULTS_ONCE": str(path)} if once else found


def finish(launcher: subprocess.Popen[str], timeout: float = 240) -> str:
    """Wait for it; what it said."""
    said, _ = launcher.communicate(timeout=timeout)
    return said or ""


def read(home: Path) -> tuple[list[Trial], dict[int, list[Report]]]:
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.find_sweep("nfft_bins")
    assert sweep is not None
    rows = ledger.trials(sweep)
    reports = ledger.reports(rows)
    ledger.close()
    return rows, reports


def wait_for(home: Path, ready: Callable[[list[Trial]], bool]) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        if (home / "ledger.db").exists():
            try:
                if ready(read(home)[0]):
                    return
            except (AssertionError, ValueError):  # not all tables are there yet
                pass
        time.sleep(0.2)
    pytest.fail("the sweep did not get so far within 180 s")


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
    active = "select distinct status from runs where lifecycle_stage = 'active'"
    assert mlflow.sql(active) == [("FINISHED",)]
    for run in mlflow.run_ids():
        assert [step for step, _ in mlflow.points(run)] == list(range(10, 121, 10))
    assert audit.main(["--home", str(home)]) == 0


def assert_the_same_command_goes_on(mlflow: Mlflow, *words: str) -> None:
    """What was finished is not touched, and in the end the law holds."""
    before = {t.trial_id: t.finished for t in read(mlflow.folder)[0] if t.state == "complete"}
    again = start(mlflow.folder, *words)
    said = finish(again)
    assert again.returncode == 0, said
    assert_the_law_holds(mlflow)
    assert before.items() <= {t.trial_id: t.finished for t in read(mlflow.folder)[0]}.items()


# Processes


def under(pid: int) -> dict[int, str]:
    """Every process below ``pid``, with its name and what tells it from a later one."""
    return {p: began(p) or "" for p, process in below(pid).items() if not process.ended}


def name(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return ""
    return Path(words[0]).name


def kill_one(launcher: subprocess.Popen[str], wanted: str) -> None:
    """kill -9 of the first process of the launcher's whose name begins so."""
    found = [pid for pid in under(launcher.pid) if name(pid).startswith(wanted)]
    assert found
    os.kill(found[0], signal.SIGKILL)


def left_of(processes: Mapping[int, str], seconds: float) -> list[str]:
    """The names of those still there after ``seconds`` at most; they are then killed."""
    deadline = time.monotonic() + seconds
    alive = dict(processes)
    while alive and time.monotonic() < deadline:
        time.sleep(0.1)
        alive = {pid: since for pid, since in alive.items() if began(pid) == since}
    names = [name(pid) for pid in alive]
    for pid in alive:
        os.kill(pid, signal.SIGKILL)
    return names
