"""Open a ledger's database. Its tables are made atomically, also when several processes open it."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from focus_core.errors import UserError
from sweeps.commands.redact import hide_secrets, shown_url
from sweeps.commands.settings import number
from sweeps.record.attempts import Attempt
from sweeps.record.errors import explain
from sweeps.record.migrations import bring_forward
from sweeps.record.schema import SCHEMA_VERSION, Base, SchemaInfo
from sweeps.record.schema_words import OLDER, version_words

BUSY_MS = 30_000
LOCKS = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "SELECT pg_advisory_xact_lock(439804651110)",  # any number that all agree on
}
"""The first statement of the transaction that makes or changes the tables: others wait there."""
TABLES = {*Base.metadata.tables, Attempt.__tablename__}
"""The tables of a ledger."""


def open_engine(url: str) -> Engine:
    """Connect to the ledger at ``url``; make its tables if there are none, or update older ones.

    Raises:
        UserError: the database cannot be opened, is no ledger, or has an unknown schema version.
    """
    shown = shown_url(url)
    busy_ms = int(number("FOCUS_BUSY_MS", BUSY_MS))
    try:
        engine = create_engine(url)
    except (ArgumentError, ImportError) as error:
        raise UserError(
            f"cannot open {shown} as a ledger ({hide_secrets(str(error))}): use an address such as "
            "sqlite:////path/ledger.db, and install the package its database needs"
        ) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda connection, _: _set_pragmas(connection, busy_ms))
    try:
        with engine.connect() as connection:
            ready = _is_ledger(connection, shown) and _is_whole(connection)
        if not ready:
            with engine.begin() as connection:
                if engine.dialect.name in LOCKS:
                    connection.exec_driver_sql(LOCKS[engine.dialect.name])
                _make_tables(connection, shown)
    except SQLAlchemyError as error:
        engine.dispose()
        raise UserError(f"cannot open {shown} as a ledger: {explain(error, shown)}") from None
    except UserError:
        engine.dispose()
        raise
    return engine


def _is_ledger(connection: Connection, shown: str) -> bool:
    """True for a ledger, False for an empty database.

    Raises:
        UserError: the database is something else, or a ledger of an unknown version.
    """
    known = inspect(connection).get_table_names()
    if not known:
        return False
    if SchemaInfo.__tablename__ not in known:
        raise UserError(
            f"{shown} is a database of something else (no schema_info table): "
            "name another with FOCUS_LEDGER_URL or --home"
        )
    version = _version(connection)
    if version not in OLDER and (wrong := version_words(version)):
        raise UserError(f"{shown} {wrong}")
    return True


def _version(connection: Connection) -> int | None:
    return connection.execute(select(SchemaInfo.version)).scalar()


def _is_whole(connection: Connection) -> bool:
    """Whether the ledger has this program's schema version and every table."""
    known = set(inspect(connection).get_table_names())
    return _version(connection) == SCHEMA_VERSION and known >= TABLES


def _make_tables(connection: Connection, shown: str) -> None:
    is_ledger = _is_ledger(connection, shown)  # asked again: another process may be first
    Base.metadata.create_all(connection)
    if not is_ledger:
        connection.execute(insert(SchemaInfo).values(version=SCHEMA_VERSION))
    bring_forward(connection)


def _set_pragmas(connection: Any, busy_ms: int) -> None:
    """Set SQLite's options for one connection.

    With WAL, readers never block the writer, and a commit is atomic without a full sync.
    """
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={busy_ms}")
    _write_ahead(cursor, busy_ms)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _write_ahead(cursor: Any, busy_ms: int) -> None:
    """Change to WAL. SQLite does not wait for other connections here, so try until ``busy_ms``."""
    deadline = time.monotonic() + busy_ms / 1000
    while cursor.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.02)
