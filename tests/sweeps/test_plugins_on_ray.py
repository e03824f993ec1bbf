"""A sweep with a plugin on Ray: its workers never see the file; killed, it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeps import audit
from tests.plugin_files import TASK, write
from tests.sweeps.launching import (
    SETTINGS,
    finish,
    nothing_outlives_a_test,  # noqa: F401  a fixture
    start,
)
from tests.sweeps.local_launches import has_reported, rows, wait_until
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

NAME = "mine"
PLUGIN = ["--space", "baselines", "--name", NAME, "--trials", "2", "--seeds", "1"]
SET = ["--set", "variant=decay", "task.name=echo", "task.length=16", *SETTINGS]


def words(folder: Path) -> list[str]:
    files = [str(write(folder)), str(write(folder, "my_task.py", TASK))]
    return [*PLUGIN, "--plugin", *files, *SET]


@pytest.mark.slow
def test_workers_get_the_text_with_their_trial(tmp_path: Path, mlflow: Mlflow) -> None:
    launcher = start(tmp_path, *words(tmp_path))
    said = finish(launcher)
    assert launcher.returncode == 0, said
    sweep, trials, _ = rows(tmp_path / "ledger.db", NAME)
    assert [(trial.state, trial.reason) for trial in trials] == [("complete", None)] * 2
    assert {t.config["model.mixer"] + t.config["task.name"] for t in trials} == {"decayecho"}
    assert sweep.finished is not None
    assert audit.main(["--home", str(tmp_path)]) == 0


@pytest.mark.slow
def test_kill_9_then_the_same_command_goes_on(tmp_path: Path, mlflow: Mlflow) -> None:
    asked = [*words(tmp_path), "train.steps=2000"]
    launcher = start(tmp_path, *asked)
    wait_until(has_reported(tmp_path / "ledger.db"), "three reports")
    launcher.kill()
    launcher.communicate()
    _, before, _ = rows(tmp_path / "ledger.db", NAME)
    assert any(0 < trial.step < 2000 for trial in before)

    again = start(tmp_path, *asked)
    said = finish(again)
    assert again.returncode == 0, said
    _, trials, reported = rows(tmp_path / "ledger.db", NAME)
    assert [(t.state, t.step) for t in trials] == [("complete", 2000)] * 2
    assert list(reported.values()) == [list(range(10, 2001, 10))] * 2
    assert {t.trial_id for t in before} <= {t.trial_id for t in trials}
    assert audit.main(["--home", str(tmp_path)]) == 0
