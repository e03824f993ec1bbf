"""The journal of an SQLite database: how a transaction is made whole.

WAL (a write-ahead log) is quicker, and readers never block the writer. It needs memory that all who
use the database share: they must be on one host. On a network file system a rollback journal is
used instead, which needs file locks only.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from sweeps.machine.file_system import network_file_system

WAL, ROLLBACK = "wal", "delete"


def journal_for(path: Path) -> str:
    """The journal for a new database at ``path``."""
    return ROLLBACK if network_file_system(path) else WAL


def set_journal(cursor: sqlite3.Cursor, wanted: str, busy_ms: int) -> None:
    """Change the journal. SQLite does not wait for other connections here, so try until then."""
    deadline = time.monotonic() + busy_ms / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != wanted:
        try:
            cursor.execute(f"PRAGMA journal_mode={wanted}")
        except sqlite3.OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)


def is_new(cursor: sqlite3.Cursor) -> bool:
    """Whether nothing has been written into the database."""
    return bool(cursor.execute("PRAGMA page_count").fetchone()[0] == 0)
