"""Make MLflow's SQLite database atomically, safe against kills and against other processes.

MLflow makes its tables one after the other, which takes seconds, and cannot go on from half of
them. So the tables are made in another file, which gets the database's name once it is complete.
That file's name is new each time: MLflow keeps what it has opened by its address, until the end.
"""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

from filelock import FileLock

from sweeps.commands.sqlite_address import sqlite_file, sqlite_url
from sweeps.record.journal import journal_for, set_journal
from sweeps.showing.tracking.clients import quiet_client

FRESH, LOCK = ".new", ".lock"


def prepare_database(uri: str) -> None:
    """Make the database behind ``uri`` if there is none, and choose its journal permanently.

    WAL makes a run three times cheaper; a network file system does not allow it. Nothing is done
    where ``uri`` is not an SQLite file.

    Raises:
        OSError: the database's folder cannot be written.
        Exception: whatever MLflow raises when it makes its tables.
    """
    path = sqlite_file(uri)
    if path is None:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if not _is_there(path) or _left_over(path):
        # one process at a time; the system releases the lock of a killed process
        with FileLock(path.with_name(path.name + LOCK)):
            for left in _left_over(path):  # by a process that was killed
                left.unlink(missing_ok=True)
            if not _is_there(path):
                fresh = path.with_name(f"{path.name}{FRESH}-{uuid.uuid4().hex[:8]}")
                _make_tables(fresh)
                fresh.replace(path)
    _choose_journal(path)


def _choose_journal(path: Path) -> None:
    """Set the journal permanently; leave it to a later call where another process writes now."""
    with closing(sqlite3.connect(path)) as database:
        try:
            set_journal(database.cursor(), journal_for(path), busy_ms=0)
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise


def _is_there(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _left_over(path: Path) -> list[Path]:
    return [each for each in path.parent.iterdir() if each.name.startswith(path.name + FRESH)]


def _make_tables(fresh: Path) -> None:
    """Let MLflow make its tables at the first call. It ends its transactions: no journal is left.

    MLflow keeps a connection, which is idle from then on.
    """
    quiet_client(sqlite_url(fresh)).search_experiments(max_results=1)
