"""MLflow's schema moves on: a database of another MLflow is told before training."""

from __future__ import annotations

import random
import shlex
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from sweeps import audit, launch, ui
from sweeps.commands.sqlite_address import sqlite_url
from sweeps.planning.mlflow_schema import revisions
from sweeps.showing.tracking import MlflowTracker
from tests.sweeps.listener_rows import ended, make_reports, make_sweep
from tests.sweeps.local_launches import TINY, run
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

KNOWN, NEWEST = revisions()
DEEP = Path("a folder", *["of a long name" * 4] * 4)
ANOTHER = f"{random.Random(0).getrandbits(48):012x}"


def set_version(path: Path, version: str | None) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("delete from alembic_version")
        if version is not None:
            database.execute("insert into alembic_version values (?)", (version,))


@pytest.fixture
def home(blank_database: Path, tmp_path: Path) -> Path:  # noqa: F811
    """Whose path alone is longer than 200 characters."""
    folder = tmp_path / DEEP
    folder.mkdir(parents=True)
    shutil.copy(blank_database, folder / "mlflow.db")
    return folder


def refused(home: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line, and nothing has been written but what SQLite needs to read a database."""

    def files() -> tuple[set[str], bytes]:
        names = {path.name for path in home.iterdir() if not path.name.endswith(("-shm", "-wal"))}
        return names, (home / "mlflow.db").read_bytes()

    before = files()
    assert launch.main([*TINY, "--home", str(home)]) == 2
    assert files() == before
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_every_revision_of_the_installed_mlflow_is_known(blank_database: Path) -> None:  # noqa: F811
    with closing(sqlite3.connect(blank_database)) as database:
        assert database.execute("select * from alembic_version").fetchall() == [(NEWEST,)]
    assert len(KNOWN) > 40


def test_alembic_says_the_same_of_the_database_and_of_mlflows_files(blank_database: Path) -> None:  # noqa: F811
    """It runs every file, which imports MLflow: too slow for a dry run, which reads the text."""
    import mlflow
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine

    engine = create_engine(sqlite_url(blank_database))
    with engine.connect() as connection:
        assert MigrationContext.configure(connection).get_current_revision() == NEWEST
    engine.dispose()
    files = ScriptDirectory(str(Path(mlflow.__file__).parent / "store" / "db_migrations"))
    assert files.get_heads() == [NEWEST]
    assert {each.revision for each in files.walk_revisions()} == KNOWN


def test_an_older_schema_is_told_with_its_whole_remedy(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for version in random.Random(0).sample(sorted(KNOWN - {NEWEST}), 12):
        set_version(home / "mlflow.db", version)
        said = refused(home, capsys)
        uri = sqlite_url(home / "mlflow.db")
        assert f"older MLflow (its schema is {version}," in said
        assert said.endswith(f"then run python -m mlflow db upgrade {shlex.quote(uri)}\n")


@pytest.mark.parametrize("version", ["ffffffffffff", ANOTHER, "later", "é' or 1 --"])
def test_a_newer_schema_is_told_with_its_whole_remedy(
    home: Path, capsys: pytest.CaptureFixture[str], version: str
) -> None:
    set_version(home / "mlflow.db", version)
    said = refused(home, capsys)
    assert f"newer MLflow (its schema {version} is not known" in said
    assert said.endswith("the same command makes it anew from the ledger\n")
    assert ui.main(["--home", str(home), "--no-browser"]) == 2
    assert "newer MLflow" in capsys.readouterr().err


def test_a_half_made_schema_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    set_version(home / "mlflow.db", None)
    assert "half made" in refused(home, capsys)


def test_a_database_that_cannot_be_written_is_told(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked of the system, which lets root write everything."""
    monkeypatch.setattr(
        "sweeps.planning.destinations.os.access", lambda path, _: path.name != "mlflow.db"
    )
    assert "mlflow.db cannot be written: chmod u+w it" in refused(home, capsys)


def test_a_schema_that_fits_is_taken(home: Path) -> None:
    """Negative control."""
    assert launch.main([*TINY, "--home", str(home), "--dry-run"]) == 0


def test_a_schema_that_moves_on_while_a_sweep_runs_is_told_whole(home: Path) -> None:
    set_version(home / "mlflow.db", "ffffffffffff")
    tracker = MlflowTracker(sqlite_url(home / "mlflow.db"), home / "artifacts", flush_seconds=0.01)
    tracker.sweep_started(make_sweep(), [ended()], {1: make_reports(ended())})
    summary = tracker.close()
    assert summary.dropped == 4
    assert "makes it anew from the ledger" in str(summary)
    assert str(summary).endswith("mend that; after that the same command brings them in")


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_remedy_for_an_older_schema_helps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A database as an older MLflow leaves it, upgraded as we say."""
    import mlflow
    from alembic import command
    from alembic.config import Config
    from mlflow.store.tracking.dbmodels.initial_models import Base
    from sqlalchemy import create_engine

    path = tmp_path / "mlflow.db"
    engine = create_engine(sqlite_url(path))
    Base.metadata.create_all(engine)
    engine.dispose()
    config = Config()
    migrations = Path(mlflow.__file__).parent / "store" / "db_migrations"
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("sqlalchemy.url", sqlite_url(path))
    command.upgrade(config, "6953534de441")
    words = shlex.split(refused(tmp_path, capsys).partition("then run ")[2])
    done = subprocess.run([sys.executable, *words[1:]], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    code, _, complained = run(tmp_path, TINY)
    assert (code, complained) == (0, "")
    assert audit.main(["--home", str(tmp_path)]) == 0
