"""The checkpoint folder against the ledger: nothing half-written, nothing of a trial without row.

A missing checkpoint breaks no law: a finished trial needs none, an open one starts over, and a
cluster's nodes may keep theirs elsewhere. One that cannot be read counts as missing.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Set
from pathlib import Path

from sweeps.auditing.rows import Disagreement
from sweeps.plan import NAME

TRIAL_FOLDER = re.compile(r"[0-9a-f]{12}")
LEFTOVER = ".new"


def check_checkpoints(folder: Path, known: Set[str], *, busy: bool) -> list[Disagreement]:
    """What lies in ``folder`` and should not.

    Args:
        folder: where the sweep keeps its checkpoints.
        known: the trial ids of its rows.
        busy: a launcher is at work: what is being written is no leftover.
    """
    found = []
    for trial_id in _trial_folders(folder):
        if trial_id not in known:
            found.append(_wrong(trial_id, "a folder, but no row", "none"))
        elif not busy:
            count = len(_leftovers(folder / trial_id))
            if count:
                found.append(_wrong(trial_id, f"{count} half-written files", "none"))
    return found


def clean_checkpoints(folder: Path, known: Set[str]) -> None:
    """Remove what ``check_checkpoints`` finds; nothing else in the folder is touched."""
    for trial_id in _trial_folders(folder):
        if trial_id not in known:
            shutil.rmtree(folder / trial_id)
            continue
        for path in _leftovers(folder / trial_id):
            path.unlink(missing_ok=True)


def _trial_folders(folder: Path) -> Iterator[str]:
    # A name that no launch would take could lead out of the home.
    if NAME.fullmatch(folder.name) and folder.is_dir():
        yield from sorted(e.name for e in os.scandir(folder) if TRIAL_FOLDER.fullmatch(e.name))


def _leftovers(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [Path(e.path) for e in os.scandir(folder) if e.name.endswith(LEFTOVER)]


def _wrong(trial_id: str, what: str, expected: str) -> Disagreement:
    return Disagreement(trial_id, "checkpoints", what, expected)
