"""What to say of a ledger that this program cannot read as it is, and what would be right."""

from __future__ import annotations

from sweeps.schema import SCHEMA_VERSION

OLDER = (2,)
"""Versions that ``sweeps.migrate`` brings forward."""
COPIED = (
    "copied while a sweep ran? What is newest in a ledger is in a file beside it, ledger.db-wal: "
    "copy again with `python -m sweeps.backup FOLDER`"
)
"""Of a ledger without tables, or of half a one."""


def version_words(version: int | None) -> str:
    """Of a ledger of a version; empty for this one."""
    if version == SCHEMA_VERSION:
        return ""
    said = f"has schema version {version}, this program reads {SCHEMA_VERSION}: "
    if version in OLDER:
        return f"{said}bring it forward with `python -m sweeps.migrate`"
    return f"{said}use the program that wrote it, or another --home"
