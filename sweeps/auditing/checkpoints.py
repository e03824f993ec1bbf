"""The checkpoint folder against the ledger: nothing half-written, nothing of a trial without row,
and of a complete trial nothing damaged and nothing of another's.

A missing checkpoint breaks no law: a finished trial needs none, an open one starts over, and a
cluster's nodes may keep theirs elsewhere. An empty file counts as missing. A damaged one of an
open trial is not looked for: its worker refuses it, and says so.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from sweeps.auditing.rows import Disagreement, Rows, TrialRow
from sweeps.checkpoints import kept_files, read_own
from sweeps.plan import NAME
from sweeps.state_file import RefusedError

TRIAL_FOLDER = re.compile(r"[0-9a-f]{12}")
LEFTOVER = ".new"


def check_checkpoints(folder: Path, rows: Rows, *, busy: bool) -> list[Disagreement]:
    """What lies in ``folder`` and should not.

    Args:
        folder: where the sweep keeps its checkpoints.
        rows: the sweep.
        busy: a launcher is at work: what is being written is no leftover.
    """
    found = []
    trials = {trial.trial_id: trial for trial in rows.trials}
    for trial_id in _trial_folders(folder):
        trial = trials.get(trial_id)
        if trial is None:
            found.append(_wrong(trial_id, "a folder, but no row", "none"))
            continue
        count = 0 if busy else len(_leftovers(folder / trial_id))
        if count:
            found.append(_wrong(trial_id, f"{count} half-written files", "none"))
        for path, why in _refused(folder / trial_id, trial):
            found.append(_wrong(trial_id, f"{path.name} {why}", "its own state, whole, or none"))
    return found


def clean_checkpoints(folder: Path, rows: Rows) -> None:
    """Remove what ``check_checkpoints`` finds; nothing else in the folder is touched."""
    trials = {trial.trial_id: trial for trial in rows.trials}
    for trial_id in _trial_folders(folder):
        trial = trials.get(trial_id)
        if trial is None:
            shutil.rmtree(folder / trial_id)
            continue
        useless = [path for path, _ in _refused(folder / trial_id, trial)]
        for path in useless + _leftovers(folder / trial_id):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def _refused(folder: Path, trial: TrialRow) -> Iterator[tuple[Path, str]]:
    """Each file of a complete trial that holds no state of its own, and why."""
    if trial.state != "complete":
        return
    own = {"trial_id": trial.trial_id, "code": trial.code, "token": trial.token}
    for path in kept_files(folder):
        if path.is_file() and not path.stat().st_size:
            continue
        try:
            read_own(path, own)
        except RefusedError as refused:
            yield path, str(refused)


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
