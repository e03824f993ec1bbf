"""Check the places that a launch would write to, before anything is written."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from focus_core.errors import UserError
from sweeps.commands.command_line import shown
from sweeps.commands.redact import hide_secrets
from sweeps.commands.settings import check_settings
from sweeps.commands.sqlite_address import sqlite_file
from sweeps.machine import temporary
from sweeps.machine.file_system import network_file_system
from sweeps.planning.mlflow_schema import complaint
from sweeps.planning.plan import Plan
from sweeps.record.database_file import address_of, path_of, select, tables
from sweeps.record.home import ledger_file
from sweeps.record.schema_words import COPIED

MLFLOW = "alembic_version"
"""A table that every database of MLflow has."""
SERVERS = ("http", "https")
DATABASES = ("sqlite", "mysql", "mssql", "postgresql")
OTHERS = ("databricks", "databricks-uc", "uc")


def check_places(plan: Plan, tracking_flag: str) -> Plan:
    """Check that ledger, MLflow and Ray's temporary files can be where ``plan`` says.

    Args:
        plan: what is about to be launched.
        tracking_flag: the flag or variable that named the tracking URI.

    Returns:
        ``plan``, with a caution where databases are on a network file system, and where Ray's
        temporary files cannot go to the first choice.

    Raises:
        UserError: a place cannot be used; the message is one line.
    """
    check_settings()
    ledger = ledger_file(plan.home)
    if ledger is not None and ledger.is_file() and ledger.stat().st_size and not tables(ledger):
        _check_new(ledger, plan.home.folder / "checkpoints" / plan.name)
    mlflow = check_tracking(plan.home.tracking_uri, tracking_flag)
    check_schema(plan.home.tracking_uri, tracking_flag)
    if mlflow is not None and mlflow.exists() and not os.access(mlflow, os.W_OK):
        raise UserError(
            f"{mlflow} cannot be written: chmod u+w it, or name another with {tracking_flag}"
        )
    if ledger is not None and mlflow is not None and ledger.resolve() == mlflow.resolve():
        raise UserError(
            f"{tracking_flag} names the ledger {ledger}: MLflow needs a database of its own"
        )
    said = [_shared_words(path) for path in (ledger, mlflow) if path is not None]
    if not (plan.local or plan.address is not None):  # this launch starts a Ray
        said.append(temporary.choose()[1])
    new = tuple(dict.fromkeys(filter(None, said)))
    return replace(plan, cautions=(*plan.cautions, *new)) if new else plan


def _shared_words(database: Path) -> str:
    """The caution where hosts share the database's file system; empty where they do not."""
    kind = network_file_system(database)
    if kind is None:
        return ""
    return (
        f"{database.parent} is on a network file system ({kind}): SQLite keeps a rollback journal "
        "there, which is slower and needs file locks that hold between hosts. While the sweep "
        "runs, other hosts may read (audit.py without --repair, report.py, sweeps.look, "
        "sweeps.backup, sweeps.ui)"
    )


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
    address = address_of(uri, flag)
    if family != "sqlite":
        return None
    path = path_of(address, flag)
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
    for (found,) in select(path, f"SELECT max(version_num) FROM {MLFLOW}"):
        wrong = complaint(path, None if found is None else str(found), uri, flag)
        if wrong is not None:
            raise UserError(wrong)
