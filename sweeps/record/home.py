"""The home: the folder with everything of its sweeps, and the addresses of its two databases."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from focus_core.errors import UserError
from sweeps.commands.command_line import home_folder
from sweeps.commands.settings import number
from sweeps.commands.sqlite_address import sqlite_url
from sweeps.record.checkpoint_address import FLAG as CHECKPOINTS
from sweeps.record.checkpoint_address import below, check_address
from sweeps.record.database_file import address_of, path_of, select, tables
from sweeps.record.schema_words import OLDER, version_words

LEDGER = "schema_info"
"""A table that every ledger has."""
MIN_FREE_MB = 200.0
"""A launch does not start with less free space than this (``FOCUS_MIN_FREE_MB``)."""
OTHERS_NOTHING = 0o077


@dataclass(frozen=True)
class Home:
    """Where the records are."""

    folder: Path
    ledger_url: str
    tracking_uri: str
    states: str | None = None
    """The address of checkpoints outside this home (``FOCUS_CHECKPOINTS``), which homes may share;
    None: they are in this home.
    """

    @property
    def artifacts(self) -> Path:
        """The folder of MLflow's artifacts."""
        return self.folder / "artifacts"

    @property
    def mlflow_files(self) -> Path | None:
        """``artifacts``; None where MLflow's server decides on the place of its files."""
        is_server = self.tracking_uri.startswith(("http:", "https:"))
        return None if is_server else self.artifacts

    @property
    def reports(self) -> Path:
        """The folder of reports, one folder for each sweep."""
        return self.folder / "reports"

    def checkpoints(self, sweep: str, began: datetime) -> str:
        """The address of one sweep's checkpoints: other code may have trained another sweep's.

        Args:
            sweep: the sweep's name.
            began: ``Sweep.created``. Outside this home, it tells the sweep from a sweep with the
                same name in another home.
        """
        if self.states is None:
            return str(self.folder / "checkpoints" / sweep)
        return below(self.states, f"{sweep}-{began:%Y%m%dT%H%M%S%f}")


def find_home(folder: str | None, tracking_uri: str | None = None) -> Home:
    """The home that a command line and the environment name. Its databases are not looked at.

    Args:
        folder: the value of ``--home``.
        tracking_uri: the value of ``--tracking-uri``.

    Raises:
        UserError: no folder can have this name here, or ``FOCUS_CHECKPOINTS`` is no address.
    """
    home = home_folder(folder)
    ledger = os.environ.get("FOCUS_LEDGER_URL") or sqlite_url(home / "ledger.db")
    given = tracking_uri or os.environ.get("MLFLOW_TRACKING_URI")
    states = os.environ.get(CHECKPOINTS)
    return Home(
        home,
        ledger,
        given or sqlite_url(home / "mlflow.db"),
        check_address(states) if states else None,
    )


def ledger_file(home: Home) -> Path | None:
    """The ledger's file; None where a server keeps it. An empty or missing file is fine.

    Raises:
        UserError: the address or the file cannot be a ledger.
    """
    address = address_of(home.ledger_url, "FOCUS_LEDGER_URL")
    if address.get_backend_name() != "sqlite":
        return None
    path = path_of(address, "FOCUS_LEDGER_URL")
    if path.parent != home.folder and not path.parent.is_dir():
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


def _check_version(path: Path) -> None:
    found = [row[0] for row in select(path, f"SELECT version FROM {LEDGER}")]
    version = found[0] if len(found) == 1 and isinstance(found[0], int) else None
    if version not in OLDER and (wrong := version_words(version)):  # older: the launch migrates it
        raise UserError(f"{path} {wrong}")


@contextmanager
def private_files() -> Iterator[None]:
    """Only this user can read the files created meanwhile, also those of child processes."""
    before = os.umask(OTHERS_NOTHING)
    try:
        yield
    finally:
        os.umask(before)


def prepare_home(home: Home) -> None:
    """Make the folders, and check before anything starts that the home can be written.

    Raises:
        UserError: the home cannot be written, or its disk is nearly full.
    """
    least = number("FOCUS_MIN_FREE_MB", MIN_FREE_MB)
    try:
        for folder in (home.folder, home.artifacts):
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home.folder):
            pass
        free = shutil.disk_usage(home.folder).free / 1e6
    except OSError as error:
        raise UserError(
            f"cannot write to the home {home.folder} ({error.strerror}): name another with --home"
        ) from None
    if free < least:
        raise UserError(
            f"only {free:.0f} MB are free at the home {home.folder}, {least:g} are asked for: free "
            "some, name another --home, or ask for less with FOCUS_MIN_FREE_MB"
        )
