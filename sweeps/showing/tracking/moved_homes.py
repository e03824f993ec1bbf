"""Tell whether MLflow looks for a home's files where the home no longer is.

MLflow keeps the place of an experiment's artifacts as an absolute path, which nobody can change
through its client. After a home was moved or copied, its sweeps therefore get a new experiment, and
their runs are written anew from the ledger, with what people wrote on them. This is for a database
that is in the home, beside its artifacts folder. Another database is left alone.

The runs of before are deleted, as MLflow deletes: they can be restored, and still name the place of
before. So ``mlflow gc`` on a copy removes files of the original; they can be written anew.
"""

from __future__ import annotations

from pathlib import Path

from focus_core.errors import UserError
from sweeps.commands.sqlite_address import sqlite_file
from sweeps.showing.tracking.finding import Run
from sweeps.showing.tracking.notes import ANSWER_TAG, WRITTEN_TAG
from sweeps.showing.tracking.run_fields import OUR_TAGS, PARENT_TAG

OF_THE_NOTE = (WRITTEN_TAG, ANSWER_TAG)
NAME_TAG = "mlflow.runName"  # MLflow's own
WRITTEN_ANEW = ("state", PARENT_TAG, NAME_TAG)
"""These say what the old run holds and where it is; the new run has its own."""


def place_of(uri: str, artifacts: Path | None) -> str | None:
    """Where the files of a home's own database must be; None where that is not the home's to say.

    Args:
        uri: MLflow's tracking URI.
        artifacts: the home's folder for artifacts; None where a server decides.
    """
    path = sqlite_file(uri)
    if path is None or artifacts is None:
        return None
    if path.resolve().parent != artifacts.resolve().parent:
        return None
    return artifacts.resolve().as_uri()


def is_elsewhere(location: str, place: str | None) -> bool:
    """Whether an experiment has its files in another folder than ``place``."""
    if place is None:
        return False
    is_folder = location.startswith("file:") or "://" not in location
    return is_folder and location.rstrip("/") != place


def check_place(location: str, place: str | None) -> None:
    """Check that an experiment's files are in ``place``.

    Raises:
        UserError: they are elsewhere.
    """
    if is_elsewhere(location, place):
        raise UserError(
            f"MLflow has this sweep's files in {location}, where its home is no more: launch the "
            "sweep again, or run sweeps/audit.py --repair"
        )


def carried(before: Run | None, name: str) -> tuple[str, dict[str, str]]:
    """The name and tags that a run takes from the run ``before`` a move: what people wrote.

    Args:
        before: the run that is written anew; None: this run is the first.
        name: the run's name if it takes none.
    """
    if before is None:
        return name, {}
    kept = {
        key: text
        for key, text in before.tags.items()
        if key in OF_THE_NOTE or not (key.startswith(OUR_TAGS) or key in WRITTEN_ANEW)
    }
    return before.tags.get(NAME_TAG, name), kept
