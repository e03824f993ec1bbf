"""An MLflow database for a test, and what plain SQL reads in it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sweeps.record.schema import Sweep
from sweeps.showing.tracking import MlflowTracker, connect
from sweeps.showing.tracking.runs import SweepRuns


@pytest.fixture(scope="session")
def blank_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's migrations take seconds: once, and every test gets a copy."""
    path = tmp_path_factory.mktemp("mlflow") / "blank.db"
    connect(f"sqlite:///{path}")
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


def settle(home: Path) -> None:
    """Make a copied home as if it had been made where it is: a launch would write its runs anew."""
    place = (home / "artifacts").resolve().as_uri()
    with closing(sqlite3.connect(home / "mlflow.db")) as database, database:
        ours = "experiment_id in (select experiment_id from experiment_tags where key = ?)"
        database.execute(
            f"update runs set artifact_uri = ? || '/' || run_uuid || '/artifacts' where {ours}",
            (place, "focus.space"),
        )
        database.execute(
            f"update experiments set artifact_location = ? where {ours}", (place, "focus.space")
        )


@pytest.fixture(name="mlflow")
def fresh_mlflow(blank_database: Path, tmp_path: Path) -> Mlflow:
    shutil.copy(blank_database, tmp_path / "mlflow.db")
    return Mlflow(tmp_path)


class Mlflow:
    """A fresh MLflow and what its database says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uri = f"sqlite:///{folder / 'mlflow.db'}"

    def tracker(self, **options: Any) -> MlflowTracker:
        return MlflowTracker(self.uri, self.folder / "artifacts", flush_seconds=0.01, **options)

    def runs_of(self, sweep: Sweep) -> SweepRuns:
        return SweepRuns(connect(self.uri), sweep, self.folder / "artifacts")

    def sql(self, query: str, *values: object) -> list[Any]:
        database = sqlite3.connect(self.folder / "mlflow.db")
        try:
            return database.execute(query, values).fetchall()
        finally:
            database.close()

    def run_ids(self, kind: str = "trial") -> list[str]:
        return [
            row[0]
            for row in self.sql(
                "select runs.run_uuid from runs join tags using (run_uuid) "
                "where tags.key = 'focus.kind' and tags.value = ? "
                "and lifecycle_stage = 'active' order by start_time",
                kind,
            )
        ]

    def run_id(self, kind: str = "trial") -> str:
        (found,) = self.run_ids(kind)
        return found

    def status(self, run_id: str) -> str:
        ((status,),) = self.sql("select status from runs where run_uuid = ?", run_id)
        return str(status)

    def tags(self, run_id: str) -> dict[str, str]:
        return dict(self.sql("select key, value from tags where run_uuid = ?", run_id))

    def params(self, run_id: str) -> dict[str, str]:
        return dict(self.sql("select key, value from params where run_uuid = ?", run_id))

    def points(self, run_id: str, key: str = "validation_accuracy") -> list[tuple[int, float]]:
        query = "select step, value from metrics where run_uuid = ? and key = ? order by step"
        return self.sql(query, run_id, key)

    def artifact(self, run_id: str, name: str) -> str:
        return (self.folder / "artifacts" / run_id / "artifacts" / name).read_text()
