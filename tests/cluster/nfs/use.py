"""What hosts do with a ledger: ``python -m tests.cluster.nfs.use WORD FILE``, within a host.

``write`` adds rows with the project's own engine; ``read`` opens the ledger again and again, as the
audit and the report do, until it sees all rows; ``ended`` waits for a sweep's first trial. With
``WAL=1`` the file system is taken for a disk.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from unittest import mock

from sweeps.machine.read_only import connect
from sweeps.record import engine

ROWS = 150
WRITERS = 2
SECONDS = 30.0
LONG_SECONDS = 240.0
COUNT = "SELECT count(*) FROM seen"


def write(path: Path) -> str:
    """Add ``ROWS`` rows, one transaction each."""
    opened = engine.open_engine(f"sqlite:///{path}")
    with opened.begin() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS seen (host TEXT)")
    _meet(path)
    for _ in range(ROWS):
        with opened.begin() as connection:
            connection.exec_driver_sql("INSERT INTO seen VALUES (?)", (os.uname().nodename,))
    with opened.connect() as connection:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    opened.dispose()
    return f"wrote {ROWS} by {mode}"


def read(path: Path) -> str:
    """Count the rows until all are there; they never become fewer."""
    until = time.monotonic() + SECONDS
    counts = [0]
    while counts[-1] < ROWS * WRITERS and time.monotonic() < until:
        with suppress(FileNotFoundError):
            counts.append(_count(path))
            assert counts[-1] >= counts[-2], f"{counts[-1]} rows after {counts[-2]}"
        time.sleep(0.05)
    return f"saw {counts[-1]} at last, {len(set(counts))} different counts"


def _meet(path: Path) -> None:
    """Wait until every writer is ready."""
    path.with_name(f"ready-{os.uname().nodename}").touch()
    until = time.monotonic() + SECONDS
    while len([n for n in os.listdir(path.parent) if n.startswith("ready-")]) < WRITERS:
        assert time.monotonic() < until, "the other writer is ready"
        time.sleep(0.05)


def _count(path: Path) -> int:
    if not path.exists() or not path.stat().st_size:
        return 0
    with closing(connect(path)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'seen'").fetchone():
            return 0
        ((rows,),) = database.execute(COUNT)
        return int(rows)


def ended(path: Path) -> str:
    """Wait until a trial of a sweep has ended."""
    until = time.monotonic() + LONG_SECONDS
    while time.monotonic() < until:
        with suppress(sqlite3.Error), closing(connect(path)) as database:
            if database.execute("SELECT 1 FROM trials WHERE state = 'complete'").fetchone():
                return "a trial has ended"
        time.sleep(0.5)
    return "no trial has ended"


def whole(path: Path) -> str:
    """How many rows there are in the end, and what SQLite says of the file."""
    with closing(sqlite3.connect(path)) as database:
        ((said,),) = database.execute("PRAGMA integrity_check(1)")
        ((rows,),) = database.execute(COUNT)
    return f"{rows} rows, {said}"


if __name__ == "__main__":
    if os.environ.get("WAL"):
        mock.patch.object(engine, "journal_for", return_value="wal").start()
    known: dict[str, Callable[[Path], str]] = {
        function.__name__: function for function in (write, read, ended, whole)
    }
    try:
        result = known[sys.argv[1]](Path(sys.argv[2]))
    except Exception as error:  # noqa: BLE001  the test judges it
        result = f"{type(error).__name__}: {error}".splitlines()[0]
    print(f"{os.uname().nodename} {sys.argv[1]}: {result}", flush=True)
