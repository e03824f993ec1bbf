"""The words for a ledger that this program cannot read as it is, and for what would be right."""

from __future__ import annotations

from sweeps.record.schema import SCHEMA_VERSION

OLDER = (2, 3)
"""Versions that ``sweeps.migrate`` brings forward."""
COPIED = (
    "copied while a sweep ran? What is newest in a ledger is in a file beside it, ledger.db-wal: "
    "copy again with `python -m sweeps.backup FOLDER`"
)
"""The words for a ledger that has no tables, or of which a part is missing."""


def version_words(version: int | None) -> str:
    """The words for a ledger of schema ``version``; empty for this program's own version."""
    if version == SCHEMA_VERSION:
        return ""
    said = f"has schema version {version}, this program reads {SCHEMA_VERSION}: "
    if version in OLDER:
        return f"{said}bring it forward with `python -m sweeps.migrate`"
    return f"{said}use the program that wrote it, or another --home"
