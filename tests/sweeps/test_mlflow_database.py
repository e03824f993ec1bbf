"""MLflow's database is there whole or not at all, whoever is killed while it is made."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from focus_core.errors import UserError
from sweeps.commands.sqlite_address import sqlite_file, sqlite_url
from sweeps.showing.tracking import connect
from sweeps.showing.tracking.database import prepare_database
from tests.sweeps.local_launches import ROOT, TINY, run_here

# Imported once: a child is forked for each moment, and killed at it: when so much has been written.
# Prints what stood there then.
KILLS = """
import json, os, signal, sys, time
from pathlib import Path
from mlflow import MlflowClient
import logging; logging.disable(logging.CRITICAL)
from focus_core.errors import UserError
from sweeps.commands.sqlite_address import sqlite_url
from sweeps.showing.tracking.database import prepare_database

def in_place(uri):
    MlflowClient(uri).search_experiments(max_results=1)

def started(make, path):
    pid = os.fork()
    if not pid:
        make(sqlite_url(path))
        os._exit(0)
    return pid

make = {"beside": prepare_database, "in place": in_place}[sys.argv[1]]
another = Path(sys.argv[2]).with_name("another.db")
os.waitpid(started(make, another), 0)
whole = another.stat().st_size

def size(file):
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0

def sizes():
    new = [each for each in path.parent.iterdir() if each.name.startswith(path.name + ".new")]
    return {"whole": size(path), "new": max(map(size, new), default=0)}

for number, share in enumerate(json.loads(sys.argv[3])):
    path = Path(sys.argv[2].format(number))
    pid = started(make, path)
    while max(sizes().values(), default=0) < share * whole:
        time.sleep(0.001)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    print(json.dumps(sizes()))
"""


def kill_at(how: str, path: Path, shares: list[float]) -> list[dict[str, int]]:
    """What stood beside ``path`` after each kill, at these shares of its whole size.

    Each has a path of its own where ``path`` has a ``{}``.
    """
    words = [sys.executable, "-c", KILLS, how, str(path), json.dumps(shares)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as database:
        found = database.execute("select name from sqlite_master where type = 'table'")
        return {row[0] for row in found}


def test_killed_at_any_moment_of_its_making_the_next_launch_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    chance = random.Random(0)
    left = kill_at("beside", path, [0.0, *(chance.uniform(0.05, 0.8) for _ in range(4))])
    assert sum(sizes["new"] > 0 for sizes in left) >= 4  # it was killed in the act
    assert all(sizes["whole"] == 0 for sizes in left)
    code, _, complained = run_here(tmp_path, TINY)
    assert (code, complained) == (0, "")
    client = connect(f"sqlite:///{path}")
    (experiment,) = client.search_experiments(filter_string="name LIKE 'focus-sweeps/%'")
    runs = client.search_runs([experiment.experiment_id])
    assert [run.info.status for run in runs] == ["FINISHED"] * 3
    assert not list(tmp_path.glob("mlflow.db.new*"))


def test_made_in_place_it_stays_broken(tmp_path: Path) -> None:
    """Negative control: what MLflow does by itself. Also in the middle of a transaction."""
    left = kill_at("in place", tmp_path / "mlflow{}.db", [0.2, 0.3, 0.4, 0.45, 0.5, 0.55, 0.65])
    assert all(sizes["whole"] > 0 for sizes in left)
    for number in range(len(left)):
        with pytest.raises(UserError, match=r"half made|made by an older MLflow"):
            connect(sqlite_url(tmp_path / f"mlflow{number}.db"))


# Its cache is a page, so what it has begun is in the file when it ends, and in the journal beside.
ENDS_IN_A_TRANSACTION = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("create table kept (text)")
database.execute("pragma cache_size=1")
database.execute("begin")
database.executemany("insert into kept values (?)", [("x" * 900,)] * 200)
os._exit(0)
"""


def test_a_database_whose_writer_was_killed_in_a_transaction_is_read(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    subprocess.run([sys.executable, "-c", ENDS_IN_A_TRANSACTION, str(path)], check=True)
    assert path.with_name("mlflow.db-journal").stat().st_size > 0
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database,
        pytest.raises(sqlite3.OperationalError, match="readonly"),  # negative control
    ):
        database.execute("select * from kept")
    assert tables(path) == {"kept"}
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("select count(*) from kept").fetchone() == (0,)


def test_a_left_over_is_removed_also_where_the_database_is_there(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    connect(sqlite_url(path))
    whole = tables(path)
    assert {"runs", "alembic_version"} <= whole
    for side in ("", "-journal", "-wal", "-shm"):
        (tmp_path / f"mlflow.db.new{side}").write_text("half")
    connect(sqlite_url(path))
    assert tables(path) == whole
    assert not list(tmp_path.glob("mlflow.db.new*"))


def journal_mode(path: Path) -> str:
    with closing(sqlite3.connect(path)) as database:
        return str(database.execute("pragma journal_mode").fetchone()[0])


def test_one_of_mlflows_own_is_put_in_wal_mode_once_nobody_writes(tmp_path: Path) -> None:
    ours, path = tmp_path / "ours.db", tmp_path / "mlflow.db"
    connect(sqlite_url(ours))
    assert journal_mode(ours) == "wal"
    with closing(sqlite3.connect(ours)) as source, closing(sqlite3.connect(path)) as writer:
        source.backup(writer)
        writer.execute("pragma journal_mode=delete")
        writer.execute("begin exclusive")
        prepare_database(sqlite_url(path))
    assert journal_mode(path) == "delete"
    prepare_database(sqlite_url(path))
    assert journal_mode(path) == "wal"


def test_launchers_that_start_at_once_make_it_once(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    words = [sys.executable, "-c", "import sys; from sweeps.showing.tracking import connect; "]
    words[-1] += "connect(sys.argv[1]).search_experiments()"
    started = [subprocess.Popen([*words, sqlite_url(path)], cwd=ROOT) for _ in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]


def test_an_empty_file_is_no_database_yet(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.touch()
    connect(sqlite_url(path))
    assert "runs" in tables(path)


@pytest.mark.parametrize("uri", ["http://127.0.0.1:1", "sqlite://", "postgresql://h/d"])
def test_what_is_no_file_is_left_to_others(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prepare_database(uri)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["plain", "a b", "a#b", "50%", "a%23b", "what?", "x@y:z", "ü[1]"])
def test_an_address_leads_back_to_its_file(name: str) -> None:
    path = Path("/home") / name / "ledger.db"
    assert sqlite_file(sqlite_url(path)) == path
