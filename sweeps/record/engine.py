"""Open a ledger's database. Its tables are made atomically, also when several processes open it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from focus_core.errors import UserError
from sweeps.commands.redact import hide_secrets, shown_url
from sweeps.commands.settings import number
from sweeps.commands.sqlite_address import sqlite_file
from sweeps.record.attempts import Attempt
from sweeps.record.errors import explain
from sweeps.record.journal import ROLLBACK, WAL, is_new, journal_for, set_journal
from sweeps.record.migrations import bring_forward
from sweeps.record.plugins import PluginRow
from sweeps.record.schema import SCHEMA_VERSION, Base, SchemaInfo
from sweeps.record.schema_words import OLDER, version_words

BUSY_MS = 30_000
LOCKS = {
    "sqlite": "BEGIN IMMEDIATE",
    "postgresql": "SELECT pg_advisory_xact_lock(439804651110)",  # any number that all agree on
}
"""The first statement of the transaction that makes or changes the tables: others wait there."""
TABLES = {*Base.metadata.tables, Attempt.__tablename__, PluginRow.__tablename__}
"""The tables of a ledger."""


def open_engine(url: str) -> Engine:
    """Connect to the ledger at ``url``; make its tables if there are none, or update older ones.

    Raises:
        UserError: the database cannot be opened, is no ledger, or has an unknown schema version.
    """
    shown = shown_url(url)
    busy_ms = int(number("FOCUS_BUSY_MS", BUSY_MS))
    try:
        engine = create_engine(url, json_deserializer=shared_names)
    except (ArgumentError, ImportError) as error:
        raise UserError(
            f"cannot open {shown} as a ledger ({hide_secrets(str(error))}): use an address such as "
            "sqlite:////path/ledger.db, and install the package its database needs"
        ) from None
    if engine.dialect.name == "sqlite":
        path = sqlite_file(url)
        event.listen(
            engine, "connect", lambda connection, _: _set_pragmas(connection, path, busy_ms)
        )
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


def shared_names(text: str) -> Any:
    """Read JSON; equal names and texts are one string in memory, as configs repeat them."""
    found = json.loads(text)
    if not isinstance(found, dict):
        return found
    return {
        sys.intern(name): sys.intern(value) if isinstance(value, str) else value
        for name, value in found.items()
    }


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


def _set_pragmas(connection: Any, path: Path | None, busy_ms: int) -> None:
    """Set SQLite's options for one connection to the database at ``path``; None: in memory.

    With WAL, a commit is atomic without a full sync. A rollback journal that is there stays: the
    home may be on a network file system for other hosts, though it is a disk of this one.
    """
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={busy_ms}")
    wanted = WAL if path is None else journal_for(path)
    if wanted == ROLLBACK or is_new(cursor):
        set_journal(cursor, wanted, busy_ms)
    (journal,) = cursor.execute("PRAGMA journal_mode").fetchone()
    cursor.execute(f"PRAGMA synchronous={'NORMAL' if journal == WAL else 'FULL'}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
