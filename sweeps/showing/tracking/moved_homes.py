"""Correct the artifact paths in MLflow's database after a home was moved or copied.

MLflow's database stores the places of artifacts as absolute paths. The paths are corrected in a
database that is in the home, beside its artifacts folder, before anything is written through it. A
database elsewhere is left alone.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sweeps.commands.sqlite_address import sqlite_file

OURS = """
    select experiment_id, artifact_location from experiments where name like 'focus-sweeps/%'
    or experiment_id in (select experiment_id from experiment_tags where key = 'focus.space')
"""


def follow_home(uri: str, artifacts: Path | None) -> int:
    """Set the experiments' artifact locations to the place where the home is now.

    Args:
        uri: MLflow's tracking URI.
        artifacts: the home's folder for artifacts; None where a server decides.

    Returns:
        how many experiments had another location.
    """
    path = sqlite_file(uri)
    if path is None or artifacts is None or not path.is_file():
        return 0
    if path.resolve().parent != artifacts.resolve().parent:
        return 0
    place = artifacts.resolve().as_uri()
    with closing(sqlite3.connect(path, timeout=30)) as database, database:
        if not database.execute("select 1 from sqlite_master where name = 'runs'").fetchone():
            return 0  # MLflow has not made its tables yet
        moved = [(key, old) for key, old in database.execute(OURS) if old != place]
        for experiment, old in moved:
            _move(database, experiment, old.rstrip("/"), place)
    return len(moved)


def _move(database: sqlite3.Connection, experiment: int, old: str, new: str) -> None:
    database.execute(
        "update experiments set artifact_location = ? where experiment_id = ?", (new, experiment)
    )
    database.execute(
        "update runs set artifact_uri = ? || substr(artifact_uri, ?) "
        "where experiment_id = ? and substr(artifact_uri, 1, ?) = ?",
        (new, len(old) + 1, experiment, len(old) + 1, f"{old}/"),
    )
