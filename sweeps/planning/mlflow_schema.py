"""Find out whether the installed MLflow can use a database, without importing MLflow."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shlex
from pathlib import Path

MIGRATIONS = "store/db_migrations/versions"
"""A folder of MLflow's package with one file for each change of the tables (a revision).

Each file names its own revision and the revision before it."""
REVISION = re.compile(r"^(down_)?revision\b[^=\n]*=(.*)$", re.MULTILINE)
WORD = re.compile(r"[\"'](\w+)[\"']")


def complaint(path: Path, found: str | None, uri: str, flag: str) -> str | None:
    """What is wrong with the tables in ``path``, and the whole remedy; None when nothing is wrong.

    Args:
        path: the database.
        found: the revision of its tables; None when the database does not say.
        uri: the database's address.
        flag: the flag or variable that named the database.
    """
    known, newest = revisions()
    if newest is None or found == newest:
        return None
    installed = f"the installed MLflow {importlib.metadata.version('mlflow')}"
    anew = "move it away, and the same command makes it anew from the ledger"
    if found is None:
        return f"{path} is half made, since its making was interrupted: {anew}"
    if found in known:
        upgrade = shlex.join(["python", "-m", "mlflow", "db", "upgrade", uri])
        return (
            f"{path} was made by an older MLflow (its schema is {found}, {installed} needs "
            f"{newest}): copy it to a safe place, then run {upgrade}"
        )
    return (
        f"{path} was made by a newer MLflow (its schema {found} is not known to {installed}): "
        f"install the MLflow that made it, or name another database with {flag}, or {anew}"
    )


def revisions() -> tuple[frozenset[str], str | None]:
    """Every revision of the tables that the installed MLflow knows, and the newest one.

    The newest is None where it cannot be found out: MLflow itself then says what it cannot use.
    """
    spec = importlib.util.find_spec("mlflow")
    if spec is None or spec.origin is None:
        return frozenset(), None
    known: set[str] = set()
    before: set[str] = set()
    for path in (Path(spec.origin).parent / MIGRATIONS).glob("*.py"):
        for down, value in REVISION.findall(path.read_text(encoding="utf-8")):
            (before if down else known).update(WORD.findall(value))
    newest = known - before
    return frozenset(known), newest.pop() if len(newest) == 1 else None
