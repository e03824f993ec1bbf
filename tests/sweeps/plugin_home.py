"""A home whose sweep was trained with a plugin that is gone since, and what is asked of it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.plugin_files import write
from tests.sweeps.local_launches import SMALL, rows, run_here
from tests.sweeps.mlflow_database import blank_database, settle  # noqa: F401  a fixture

NAME = "mine"
ASKED = ["--space", "baselines", "--name", NAME, "--local", "--seeds", "1", "--trials", "2"]
SETTINGS = ["--set", "variant=decay", *SMALL, "train.steps=4", "train.eval_every=2"]


def launch(home: Path, *words: str) -> tuple[int, str, str]:
    return run_here(home, [*ASKED, *SETTINGS, *words])


@pytest.fixture(scope="module", name="trained")
def trained_home(
    tmp_path_factory: pytest.TempPathFactory,
    blank_database: Path,  # noqa: F811  the fixture
) -> Path:
    """A home whose sweep was trained with a plugin that is gone since."""
    home = tmp_path_factory.mktemp("trained")
    shutil.copy(blank_database, home / "mlflow.db")
    path = write(home)
    code, said, complained = launch(home, "--plugin", str(path))
    assert code == 0, complained
    assert "plugin  decay (my_mixer.py, sha256 " in said
    assert "decay: remains=0.5; decay has no step" in said
    path.unlink()
    return home


@pytest.fixture(name="home")
def copied_home(trained: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    found = tmp_path / "home"
    shutil.copytree(trained, found)
    settle(found)
    return found


def kept(home: Path) -> list[dict[str, Any]]:
    """The plugins that the ledger has."""
    with closing(sqlite3.connect(home / "ledger.db")) as ledger:
        found = ledger.execute("select sha256, data from plugins order by id").fetchall()
    return [{"sha256": sha256, "data": json.loads(data)} for sha256, data in found]


def code_of(home: Path) -> set[str]:
    return {trial.code for trial in rows(home / "ledger.db", NAME)[1]}
