"""Look into the file of a database, without making or changing it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from focus_core.errors import UserError
from focus_core.paths import check_path
from sweeps.commands.command_line import shown
from sweeps.commands.redact import hide_secrets
from sweeps.machine.read_only import connect
from sweeps.record.schema_words import COPIED

MOST_SQLITE = 504
"""Bytes of a database's path: SQLite keeps 512 for the path and its suffix ``-journal``."""


def tables(path: Path) -> set[str]:
    """The tables of an SQLite file; no table when the file is empty or missing.

    Raises:
        UserError: the file is no SQLite database that can be read.
    """
    if not path.exists():
        return set()
    if path.is_file() and not path.stat().st_size:
        return set()
    found = select(path, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {str(row[0]) for row in found}


def select(path: Path, query: str) -> list[tuple[object, ...]]:
    try:
        with closing(connect(path)) as database:
            return database.execute(query).fetchall()
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            return []  # another process writes: opening the file checks it again
        raise _unreadable(path, error) from None
    except sqlite3.ProgrammingError:
        raise  # a bug of this program
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: Exception) -> UserError:
    # To read a file in WAL mode, SQLite writes to files beside that file.
    if path.is_file() and not os.access(path.parent, os.W_OK):
        return UserError(
            f"{path} cannot be opened ({error}), since its folder {path.parent} cannot be "
            "written: make it writable, or name another place with --home"
        )
    kind = "a folder" if path.is_dir() else f"no SQLite database that can be read ({error})"
    hint = f"; {COPIED}" if "malformed" in str(error) else ""
    return UserError(f"{path} is {kind}: move it away, or name another place with --home{hint}")


def address_of(url: str, name: str) -> URL:
    example = "use an address such as sqlite:////path/name.db"
    try:
        address = make_url(url)
        create_engine(address).dispose()
    except ImportError as error:
        raise UserError(
            f"{name} {shown(hide_secrets(url))} needs the package {error.name}: install it"
        ) from None
    except (ArgumentError, ValueError, TypeError):
        # The address is not shown: it may hold a password in an unexpected place.
        raise UserError(f"{name} is no database address: {example}") from None
    return address


def path_of(address: URL, name: str) -> Path:
    check_path(name, Path(address.database or "").absolute())
    if not address.database or address.database == ":memory:" or "mode=memory" in str(address):
        raise UserError(
            f"{name} is a database in memory, which is lost at the end: use a file's address, "
            "such as sqlite:////path/name.db"
        )
    path = Path(address.database.removeprefix("file:")).absolute()
    size = len(os.fsencode(path))
    if size > MOST_SQLITE:
        raise UserError(
            f"{shown(str(path))} has {size} bytes, and SQLite opens no file whose path has more "
            f"than {MOST_SQLITE}: use a shorter --home, or name another place with {name}"
        )
    return path
