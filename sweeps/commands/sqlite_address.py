"""Convert between the path of an SQLite file and its database address.

The path may hold any character, also those that have a meaning in an address.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url


def sqlite_url(path: Path) -> str:
    """The address of the database in ``path``."""
    plain = f"sqlite:///{path}"
    quoted = URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)
    if quoted == plain:
        return plain
    # The address names the driver. Without a driver, MLflow would take the path as it is written
    # and make a folder with, for example, %23 in its name.
    return quoted.replace("sqlite:", "sqlite+pysqlite:", 1)


def read_only_url(path: Path) -> str:
    """The address that opens the database in ``path`` so that SQLite refuses every change."""
    # The address names the driver. Without a driver, MLflow would make a folder of that name.
    query = {"mode": "ro", "uri": "true"}
    address = URL.create("sqlite+pysqlite", database=path.absolute().as_uri(), query=query)
    return address.render_as_string(hide_password=False)


def sqlite_file(url: str) -> Path | None:
    """The file behind ``url``; None for a server, another database, or one in memory."""
    if not url.startswith(("sqlite:", "sqlite+")):
        return None
    name = make_url(url).database
    return Path(name) if name else None
