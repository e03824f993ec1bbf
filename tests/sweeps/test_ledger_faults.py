"""Ledger and disk refuse, really: one line says so, nothing is half-written, and it goes on."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sweeps.record.errors import LedgerError
from sweeps.record.ledger import Ledger
from sweeps.record.schema import SCHEMA_VERSION
from sweeps.record.schema_words import OLDER
from tests.narrowing import known
from tests.sweeps.conftest import add_sweep
from tests.sweeps.local_launches import (
    MIDDLE,
    ROOT,
    TINY,
    assert_all_trained_once,
    assert_one_line,
    has_reported,
    launched,
    run,
    run_here,
    wait_until,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

IMPATIENT = {"FOCUS_BUSY_MS": "300"}


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another process's write transaction that does not end."""
    program = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=30, isolation_level=None);"
        "c.execute('BEGIN IMMEDIATE'); print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(database)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            process.kill()


@pytest.mark.parametrize("known", [False, True], ids=["new", "known"])
def test_a_ledger_locked_at_the_start_is_refused(tmp_path: Path, known: bool) -> None:
    database = tmp_path / "ledger.db"
    if known:
        Ledger(f"sqlite:///{database}").close()
    with locked(database):
        code, _, complained = run(tmp_path, TINY, env=IMPATIENT)
    assert code == 2
    assert_one_line(complained, str(database), "database is locked", "another process holds it")


def test_a_ledger_locked_in_the_middle_ends_the_sweep_and_the_same_command_goes_on(
    tmp_path: Path, mlflow: Mlflow
) -> None:
    database = tmp_path / "ledger.db"
    with launched(tmp_path, MIDDLE, env=IMPATIENT) as launcher:
        wait_until(has_reported(database), "a trial runs")
        with locked(database):
            _, complained = launcher.communicate(timeout=60)
    assert launcher.returncode == 1
    assert_one_line(
        complained, "database is locked", "stop that one, then the same command goes on"
    )
    assert run_here(tmp_path, MIDDLE)[::2] == (0, "")
    assert_all_trained_once(database)


def test_a_lock_shorter_than_the_timeout_is_waited_for(tmp_path: Path) -> None:
    """Negative control."""
    database = tmp_path / "ledger.db"
    with closing(Ledger(f"sqlite:///{database}")) as ledger:
        sweep = add_sweep(ledger)
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = threading.Thread(
                target=ledger.update_sweep, args=(sweep,), kwargs={"planned": 3}
            )
            waiting.start()
            waiting.join(0.5)
            assert waiting.is_alive()
            other.execute("COMMIT")
            waiting.join(10)
        assert ledger.failure is None
        assert ledger.update_sweep(sweep).planned == 3


def test_through_ray_a_locked_ledger_ends_the_sweep_in_one_line(
    tmp_path: Path, mlflow: Mlflow
) -> None:
    words = [word for word in MIDDLE if word != "--local"]
    database = tmp_path / "ledger.db"
    with launched(tmp_path, words, env=IMPATIENT) as launcher:
        wait_until(has_reported(database), "a trial runs", 120)
        with locked(database):
            _, complained = launcher.communicate(timeout=90)
    assert launcher.returncode == 1
    assert_one_line(complained, "database is locked")
    assert run(tmp_path, words)[::2] == (0, "")
    assert_all_trained_once(database)


def test_a_database_that_turns_read_only_is_said_so(tmp_path: Path) -> None:
    """As SQLite refuses it; a file system with open files cannot be remounted by a test."""
    with closing(Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")) as ledger:
        sweep = add_sweep(ledger)
        with ledger.engine.connect() as connection:  # the one that the pool hands out next
            connection.exec_driver_sql("PRAGMA query_only=ON")
        with pytest.raises(LedgerError, match=r"readonly database.*: make its folder writable"):
            ledger.update_sweep(sweep, planned=99)
        assert ledger.trials(sweep) == []  # what is there can still be read


def test_a_transaction_that_fails_leaves_nothing_of_itself(tmp_path: Path) -> None:
    """In a child whose files may not grow: its ledger write fails half-way."""
    database = tmp_path / "ledger.db"
    program = f"""
import resource, sys
from sweeps.record.ledger import Ledger
from sweeps.record.errors import LedgerError
from sweeps.record.schema import SCHEMA_VERSION
from tests.sweeps.conftest import add_sweep
ledger = Ledger("sqlite:///{database}")
sweep = add_sweep(ledger)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    ledger.update_sweep(sweep, planned=99, diff="x" * 10_000_000)
except LedgerError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"the ledger sqlite:///{database} cannot be used" in done.stdout
    with closing(Ledger(f"sqlite:///{database}")) as ledger:
        sweep = ledger.find_sweep("s")
        assert sweep is not None
        assert (sweep.planned, sweep.diff) == (6, "")


def test_after_a_failure_nothing_more_is_written(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    with closing(Ledger(f"sqlite:///{database}")) as ledger:
        sweep = add_sweep(ledger)
        told: list[LedgerError] = []
        ledger.on_failure = told.append
        with closing(sqlite3.connect(database)) as other, other:
            other.execute("ALTER TABLE sweeps RENAME TO lost")
        with pytest.raises(LedgerError, match="no such table"):
            ledger.update_sweep(sweep, planned=3)
        with closing(sqlite3.connect(database)) as other, other:
            other.execute("ALTER TABLE lost RENAME TO sweeps")
        with pytest.raises(LedgerError, match="no such table"):
            ledger.update_sweep(sweep, planned=3)
        assert len(told) == 1
        assert known(ledger.find_sweep("s")).planned == 6


def test_an_empty_ledger_is_made_once_by_many_at_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    program = (
        "import sys; from sweeps.record.ledger import Ledger; input(); Ledger(sys.argv[1]).close()"
    )
    openers = [
        subprocess.Popen(
            [sys.executable, "-c", program, url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(6)
    ]
    try:
        for opener in openers:
            assert opener.stdin is not None
            opener.stdin.write("\n")
            opener.stdin.flush()
        ended = [(opener.communicate(timeout=60)[1], opener.returncode) for opener in openers]
    finally:
        for opener in openers:
            opener.kill()
            opener.communicate()
    assert ended == [("", 0)] * 6
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        assert connection.execute("select version from schema_info").fetchall() == [
            (SCHEMA_VERSION,)
        ]


@pytest.mark.parametrize("version", [min(OLDER) - 1, SCHEMA_VERSION + 1])
def test_another_schema_version_is_refused_with_the_way_out(tmp_path: Path, version: int) -> None:
    database = tmp_path / "ledger.db"
    Ledger(f"sqlite:///{database}").close()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE schema_info SET version = ?", (version,))
    code, _, complained = run(tmp_path, TINY)
    assert code == 2
    assert_one_line(complained, f"version {version}", "use the program that wrote it, or another")
