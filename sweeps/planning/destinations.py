"""Check the places that a launch would write to, before anything is written."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from focus_core.errors import UserError
from focus_core.paths import check_path
from sweeps.commands.command_line import shown
from sweeps.commands.redact import hide_secrets
from sweeps.commands.settings import check_settings
from sweeps.commands.sqlite_address import sqlite_file
from sweeps.machine import temporary
from sweeps.machine.read_only import connect
from sweeps.planning.mlflow_schema import complaint
from sweeps.planning.plan import Plan
from sweeps.record.schema_words import COPIED, OLDER, version_words

LEDGER, MLFLOW = "schema_info", "alembic_version"
"""A table that every ledger has, and one that every database of MLflow has."""
MOST_SQLITE = 504
"""Bytes of a database's path: SQLite keeps 512 for the path and its suffix ``-journal``."""
SERVERS = ("http", "https")
DATABASES = ("sqlite", "mysql", "mssql", "postgresql")
OTHERS = ("databricks", "databricks-uc", "uc")


def check_places(plan: Plan, tracking_flag: str) -> Plan:
    """Check that ledger, MLflow and Ray's temporary files can be where ``plan`` says.

    Args:
        plan: what is about to be launched.
        tracking_flag: the flag or variable that named the tracking URI.

    Returns:
        ``plan``, with a caution where Ray's temporary files cannot go to the first choice.

    Raises:
        UserError: a place cannot be used; the message is one line.
    """
    check_settings()
    ledger = ledger_file(plan.ledger_url, plan.home)
    if ledger is not None and ledger.is_file() and ledger.stat().st_size and not tables(ledger):
        _check_new(ledger, plan.checkpoints)
    mlflow = check_tracking(plan.tracking_uri, tracking_flag)
    check_schema(plan.tracking_uri, tracking_flag)
    if mlflow is not None and mlflow.exists() and not os.access(mlflow, os.W_OK):
        raise UserError(
            f"{mlflow} cannot be written: chmod u+w it, or name another with {tracking_flag}"
        )
    if ledger is not None and mlflow is not None and ledger.resolve() == mlflow.resolve():
        raise UserError(
            f"{tracking_flag} names the ledger {ledger}: MLflow needs a database of its own"
        )
    if plan.local or plan.address is not None:  # this launch starts no Ray
        return plan
    _, said = temporary.choose()
    return replace(plan, cautions=(*plan.cautions, said)) if said else plan


def _check_new(ledger: Path, checkpoints: Path) -> None:
    """Check that a database without tables is new: a launcher had no time to make the tables.

    Raises:
        UserError: its sweep has checkpoints, so the file is a part of an older ledger.
    """
    if any(checkpoints.glob("*/seeds-*.pt")):
        raise UserError(
            f"{ledger} has no tables, yet {checkpoints} holds trials; {COPIED}, or remove "
            f"{ledger.name} to start anew"
        )


def ledger_file(url: str, home: Path) -> Path | None:
    """The ledger's file; None where a server keeps it. An empty or missing file is fine.

    Raises:
        UserError: the address or the file cannot be a ledger.
    """
    address = _address(url, "FOCUS_LEDGER_URL")
    if address.get_backend_name() != "sqlite":
        return None
    path = _path(address, "FOCUS_LEDGER_URL")
    if path.parent != home and not path.parent.is_dir():
        raise UserError(f"FOCUS_LEDGER_URL: there is no folder {path.parent}: make it first")
    found = tables(path)
    if found and LEDGER not in found:
        raise UserError(
            f"{path} is a database of something else (no {LEDGER} table): "
            "name another with FOCUS_LEDGER_URL or --home"
        )
    if found:
        _check_version(path)
    return path


def check_tracking(uri: str, flag: str) -> Path | None:
    """MLflow's database file; None where a server keeps it. An empty or missing file is fine.

    Raises:
        UserError: MLflow cannot keep runs there.
    """
    kind, colon, rest = uri.partition(":")
    family = kind.partition("+")[0]
    if kind in OTHERS:
        return None
    if not colon or family not in SERVERS + DATABASES or not rest.startswith("//"):
        raise UserError(
            f"{flag} {shown(hide_secrets(uri))} is no address of MLflow's: use one such as "
            "sqlite:////path/mlflow.db or http://127.0.0.1:5000"
        )
    if family in SERVERS:
        if not rest.strip("/"):
            raise UserError(f"{flag} {shown(uri)} names no host: use http://HOST:PORT")
        return None
    address = _address(uri, flag)
    if family != "sqlite":
        return None
    path = _path(address, flag)
    found = tables(path)
    if found and MLFLOW not in found:
        raise UserError(
            f"{path} is a database of something else (no {MLFLOW} table): name another with {flag}"
        )
    return path


def check_schema(uri: str, flag: str) -> None:
    """Check that the installed MLflow can write to a database in a file; a server checks its own.

    Raises:
        UserError: MLflow cannot write to the database, and will not mend that by itself.
    """
    path = sqlite_file(uri)
    if path is None or MLFLOW not in tables(path):
        return  # other code makes or refuses the database
    for (found,) in _select(path, f"SELECT max(version_num) FROM {MLFLOW}"):
        wrong = complaint(path, None if found is None else str(found), uri, flag)
        if wrong is not None:
            raise UserError(wrong)


def tables(path: Path) -> set[str]:
    """The tables of an SQLite file; no table when the file is empty or missing.

    Raises:
        UserError: the file is no SQLite database that can be read.
    """
    if not path.exists():
        return set()
    if path.is_file() and not path.stat().st_size:
        return set()
    found = _select(path, "SELECT name FROM sqlite_master WHERE type = 'table'")
    return {str(row[0]) for row in found}


def _check_version(path: Path) -> None:
    found = [row[0] for row in _select(path, f"SELECT version FROM {LEDGER}")]
    version = found[0] if len(found) == 1 and isinstance(found[0], int) else None
    if version not in OLDER and (wrong := version_words(version)):  # older: the launch migrates it
        raise UserError(f"{path} {wrong}")


def _select(path: Path, query: str) -> list[tuple[object, ...]]:
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


def _address(url: str, name: str) -> URL:
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


def _path(address: URL, name: str) -> Path:
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
