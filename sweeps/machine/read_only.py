"""Open an SQLite file to read it only; ``analysis`` uses this module too."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

LOOK = "SELECT count(*) FROM sqlite_master"


def connect(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, whatever state the last writer left the file in.

    Opening a database to write may already change it, so the file is opened to read. If a writer
    was killed within a transaction, SQLite must first roll that transaction back, and must write
    for it. Only then the file is opened to write, and the connection refuses every other change.

    Raises:
        sqlite3.DatabaseError: there is no such file, or it cannot be read.
    """
    try:
        return _open(path, "ro")
    except sqlite3.OperationalError as error:
        if "readonly" not in str(error):
            raise
    database = _open(path, "rw")
    database.execute("PRAGMA query_only=ON")
    return database


def _open(path: Path, mode: str) -> sqlite3.Connection:
    database = sqlite3.connect(f"{path.absolute().as_uri()}?mode={mode}", uri=True)
    try:
        database.execute(LOOK).fetchone()
    except BaseException:
        with suppress(sqlite3.Error):
            database.close()
        raise
    return database
