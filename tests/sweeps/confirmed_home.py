"""A small sweep trained in this process, whose winner is not its reference; tests get copies."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sweeps import launch
from tests.sweeps.local_launches import SMALL
from tests.sweeps.mlflow_database import blank_database, settle  # noqa: F401  a fixture

NAME, CONFIRM = "chunk_length", "chunk_length-confirm"
SETTINGS = [
    *("--local", "--set", *SMALL[:-2], "task.eval_sequences=64", "task.test_sequences=64"),
    *("train.steps=4", "train.eval_every=2", "train.learning_rate=0.05"),
]
REFERENCE, WINNER = 1, 3
"""By number: the base's chunks of 16 tokens, and those of 64."""


def launched(home: Path, *words: str) -> int:
    return launch.main(["--space", NAME, "--home", str(home), *words, *SETTINGS])


@pytest.fixture(scope="session")
def trained_home(blank_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    home = tmp_path_factory.mktemp("trained")
    shutil.copy(blank_database, home / "mlflow.db")
    assert launched(home, "--seeds", "2") == 0
    for name in ("ledger.db", "mlflow.db"):
        with closing(sqlite3.connect(home / name)) as database:
            database.execute("pragma wal_checkpoint(truncate)")
    return home


@pytest.fixture
def home(trained_home: Path, tmp_path: Path) -> Path:
    copied = tmp_path / "home"
    shutil.copytree(trained_home, copied)
    settle(copied)
    return copied


def replicates(home: Path, sweep: str) -> list[tuple[int, int, str, float, float]]:
    """Row id, seed, state, value and test of every replicate, in the order of trials."""
    query = (
        "select r.id, seed, r.state, r.value, r.test from replicates r "
        "join trials t on t.id = trial_row join sweeps s on s.id = sweep_id "
        "where s.name = ? order by number, seed"
    )
    with closing(sqlite3.connect(home / "ledger.db")) as database:
        return database.execute(query, (sweep,)).fetchall()
