"""Whether the installed MLflow can use a database; known without importing MLflow."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shlex
from pathlib import Path

MIGRATIONS = "store/db_migrations/versions"
"""In MLflow's package: a file a change of its tables, which names itself and its predecessor."""
REVISION = re.compile(r"^(down_)?revision\b[^=\n]*=(.*)$", re.MULTILINE)
WORD = re.compile(r"[\"'](\w+)[\"']")


def complaint(path: Path, found: str | None, uri: str, flag: str) -> str | None:
    """What is wrong with the tables in ``path``, and the whole remedy; None when nothing is.

    Args:
        path: the database.
        found: which revision its tables have; None when it does not say.
        uri: its address.
        flag: what named it.
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
    """Every revision of MLflow's tables that the installed one knows, and the newest.

    The newest is None where they cannot be told: MLflow then says itself what it cannot use.
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
