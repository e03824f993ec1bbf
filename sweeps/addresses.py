"""The address of an SQLite file, and the file behind an address, whatever signs its path holds."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url


def sqlite_url(path: Path) -> str:
    """The address of the database in ``path``."""
    plain = f"sqlite:///{path}"
    quoted = URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)
    if quoted == plain:
        return plain
    # With its driver named: from the plain form MLflow takes the path as it is written, with its
    # %23, and makes a folder of that name.
    return quoted.replace("sqlite:", "sqlite+pysqlite:", 1)


def sqlite_file(url: str) -> Path | None:
    """The file behind ``url``; None for a server, another database, or one in memory."""
    if not url.startswith(("sqlite:", "sqlite+")):
        return None
    name = make_url(url).database
    return Path(name) if name else None
