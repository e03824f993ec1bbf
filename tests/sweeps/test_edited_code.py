"""focus_core is edited while a sweep runs: no number of another code stands among its numbers."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from focus_core.config import TrialConfig
from sweeps.provenance.code_identity import trial_code
from sweeps.workers import worker
from tests.sweeps.launching import (
    ROOT,
    assert_the_law_holds,
    finish,
    in_the_middle,
    kill_one,
    nothing_outlives_a_test,  # noqa: F401  fixture
    read,
    start,
    wait_for,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the sources, to be edited."""
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("focus_core", "search_spaces", "sweeps"):
        shutil.copytree(ROOT / package, copy / package, ignore=ignored)
    return copy


@pytest.mark.slow
def test_a_worker_with_edited_code_trains_nothing(
    tmp_path: Path, checkout: Path, mlflow: Mlflow
) -> None:
    home, source = mlflow.folder, checkout / "focus_core/training/network.py"
    before = source.read_text()
    # one worker at a time: another one, with the old code, might go on with the trial
    launcher = start(home, "--max-concurrent", "1", root=checkout, FOCUS_MAX_LOST="1")
    wait_for(home, in_the_middle)
    source.write_text(before + "EDITED = True\n")
    kill_one(launcher, "ray::ImplicitFunc")  # who comes in its place imports what is there now
    said = finish(launcher)
    assert launcher.returncode == 1, said
    last = said.strip().splitlines()[-1]
    assert "the last: OtherCodeError: focus_core is " in last
    assert "in the sweep: it was edited meanwhile" in last
    assert "complete" in {t.state for t in read(home)[0]}

    again = start(home, "--retry-failed", root=checkout)
    refused = finish(again)
    assert again.returncode == 2, refused
    assert "focus_core changed since the sweep" in refused

    source.write_text(before)
    again = start(home, "--retry-failed", root=checkout)
    said = finish(again)
    assert again.returncode == 0, said
    assert_the_law_holds(mlflow)


def test_a_process_has_the_code_it_began_with(checkout: Path) -> None:
    """Not that of the files: what is imported does not change when they do."""
    config = TrialConfig().canonical()
    began = trial_code(config, checkout)
    network = checkout / "focus_core/training/network.py"
    network.write_text(network.read_text() + "EDITED = True\n")
    assert trial_code(config, checkout) == began == trial_code(config)


def test_another_code_is_refused_before_anything_is_read() -> None:
    payload = {"code": "c0de", "config": TrialConfig().canonical(), "plugins": []}
    with pytest.raises(worker.OtherCodeError, match=r"focus_core is \w{12} here and c0de in the"):
        worker.train_trial(payload, lambda report: None)
