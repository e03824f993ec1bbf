"""A sweep on Ray among processes, files and a locale in which bytes are no UTF-8."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sweeps import audit
from sweeps.record.ledger import Ledger
from tests.sweeps.checkouts import LATIN, applied, git, tree
from tests.sweeps.launching import (
    ROOT,
    finish,
    nothing_outlives_a_test,  # noqa: F401  fixture
    read,
    start,
    wait_for,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures
from tests.sweeps.odd_names import CUT, NAMES, named

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
SHORT = ["--trials", "2", "--seeds", "1", "--set", "train.steps=60"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the sources with a commit, then edited in Latin-1 and in UTF-8."""
    copy = tmp_path / "checkout"
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("focus_core", "search_spaces", "sweeps", "analysis"):
        shutil.copytree(ROOT / package, copy / package, ignore=ignored)
    (copy / ".gitignore").write_text("__pycache__/\n")
    git(copy, "init", "-q")
    git(copy, "add", "-A")
    git(copy, "commit", "-qm", "a copy")
    (copy / "CHANGELOG.md").write_bytes(LATIN)
    (copy / "search_spaces" / "my.py").write_bytes("# caf\u00e9\n".encode())
    return copy


@pytest.mark.slow
def test_a_sweep_on_ray_among_bytes_from_outside_that_are_no_text(
    checkout: Path, mlflow: Mlflow, tmp_path: Path
) -> None:
    home = mlflow.folder
    with named([CUT, b"\xff\xfe"]):
        launcher = start(home, *SHORT, root=checkout, env=ASCII)
        wait_for(home, lambda rows: any(trial.step for trial in rows))
        with named(NAMES):
            said = finish(launcher)
    assert launcher.returncode == 0, said
    assert "Traceback" not in said
    assert [(t.state, t.step) for t in read(home)[0]] == [("complete", 60)] * 2
    assert audit.main(["--home", str(home)]) == 0
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = ledger.find_sweep("nfft_bins")
    ledger.close()
    assert sweep is not None
    for compiled in checkout.rglob("__pycache__"):
        shutil.rmtree(compiled)
    assert applied(checkout, sweep.commit, sweep.diff, tmp_path / "clean") == tree(checkout)
