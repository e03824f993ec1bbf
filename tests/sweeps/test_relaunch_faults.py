"""What happens between two launches: a spoilt checkpoint, a clock set back."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps import audit
from tests.sweeps.local_launches import (
    MIDDLE,
    ROOT,
    assert_all_trained_once,
    launched,
    rows,
    run_here,
    wait_until,
)
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

A_DAY_EARLIER = """
import datetime, sys, time
from sweeps.record import schema
schema.now = lambda: datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
time.time = lambda now=time.time: now() - 86400
from sweeps import launch
sys.exit(launch.main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def killed_home(blank_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    """Its launcher was killed in the middle of a trial, once; tests get copies."""
    home = tmp_path_factory.mktemp("killed")
    shutil.copy(blank_database, home / "mlflow.db")
    with launched(home, MIDDLE, FOCUS_CHECKPOINT_SECONDS="0") as launcher:

        def is_saved() -> bool:
            return len(rows(home / "ledger.db")[2]) > 0 and any(saved(home))

        wait_until(is_saved, "a checkpoint")
        launcher.kill()
        launcher.wait()
    return home


@pytest.fixture
def home(killed_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(killed_home, tmp_path / "home"))


def saved(home: Path) -> list[Path]:
    return sorted((home / "checkpoints").glob("*/*/seeds-0.pt"))


@pytest.mark.parametrize("how", ["half", "empty", "noise", "untouched"])
def test_a_spoilt_checkpoint_costs_the_work_since_the_start_and_no_more(
    home: Path, how: str
) -> None:
    (checkpoint,) = saved(home)
    content = checkpoint.read_bytes()
    spoilt = {"half": content[: len(content) // 2], "empty": b"", "noise": b"x" * len(content)}
    checkpoint.write_bytes(spoilt.get(how, content))
    code, _, complained = run_here(home, MIDDLE)
    assert (code, complained) == (0, "")
    assert_all_trained_once(home / "ledger.db")
    assert audit.main(["--home", str(home)]) == 0


def test_a_clock_set_back_changes_nothing_but_times(home: Path) -> None:
    words = [sys.executable, "-c", A_DAY_EARLIER, *MIDDLE, "--home", str(home)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert_all_trained_once(home / "ledger.db")
    assert audit.main(["--home", str(home)]) == 0
    sweep, trials, _ = rows(home / "ledger.db")
    assert sweep.finished is not None
    assert sweep.finished < sweep.created  # the clock was really set back
    assert run_here(home, MIDDLE)[0] == 0
    assert [t.finished for t in rows(home / "ledger.db")[1]] == [t.finished for t in trials]
