"""What happens between two launches: a spoilt checkpoint, a clock set back."""

from __future__ import annotations

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
    run,
    wait_until,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

A_DAY_EARLIER = """
import datetime, sys, time
from sweeps import schema
schema.now = lambda: datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
time.time = lambda now=time.time: now() - 86400
from sweeps import launch
sys.exit(launch.main(sys.argv[1:]))
"""


def killed_in_the_middle(home: Path) -> Path:
    """The checkpoint of the trial that was running."""
    with launched(home, MIDDLE, FOCUS_CHECKPOINT_SECONDS="0") as launcher:

        def is_saved() -> bool:
            return len(rows(home / "ledger.db")[2]) > 0 and any(saved(home))

        wait_until(is_saved, "a checkpoint")
        launcher.kill()
        launcher.wait()
    (checkpoint,) = saved(home)
    return checkpoint


def saved(home: Path) -> list[Path]:
    return sorted((home / "checkpoints").glob("*/*/seeds-0.pt"))


@pytest.mark.parametrize("how", ["half", "empty", "noise", "untouched"])
def test_a_spoilt_checkpoint_costs_the_work_since_the_start_and_no_more(
    tmp_path: Path, mlflow: Mlflow, how: str
) -> None:
    checkpoint = killed_in_the_middle(tmp_path)
    content = checkpoint.read_bytes()
    spoilt = {"half": content[: len(content) // 2], "empty": b"", "noise": b"x" * len(content)}
    checkpoint.write_bytes(spoilt.get(how, content))
    code, _, complained = run(tmp_path, MIDDLE)
    assert (code, complained) == (0, "")
    assert_all_trained_once(tmp_path / "ledger.db")
    assert audit.main(["--home", str(tmp_path)]) == 0


def test_a_clock_set_back_changes_nothing_but_times(tmp_path: Path, mlflow: Mlflow) -> None:
    killed_in_the_middle(tmp_path)
    words = [sys.executable, "-c", A_DAY_EARLIER, *MIDDLE, "--home", str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert_all_trained_once(tmp_path / "ledger.db")
    assert audit.main(["--home", str(tmp_path)]) == 0
    sweep, trials, _ = rows(tmp_path / "ledger.db")
    assert sweep.finished is not None
    assert sweep.finished < sweep.created  # the clock was really set back
    assert run(tmp_path, MIDDLE)[0] == 0
    assert [t.finished for t in rows(tmp_path / "ledger.db")[1]] == [t.finished for t in trials]
