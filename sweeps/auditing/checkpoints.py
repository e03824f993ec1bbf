"""Check the checkpoint folder against the ledger.

The folder must not hold a half-written file or the files of a trial without a row. A file of a
complete trial must not be damaged and must not belong to another trial.

A missing checkpoint breaks no rule: a finished trial needs none, an open trial starts over, and
the nodes of a cluster may keep their checkpoints elsewhere. An empty file counts as missing. A
damaged file of an open trial is not looked for: the trial's worker refuses the file, and says so.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from sweeps.planning.plan import NAME
from sweeps.record.reader import Disagreement, Rows, TrialRow
from sweeps.workers.checkpoints import kept_files, read_own
from sweeps.workers.state_file import RefusedError

TRIAL_FOLDER = re.compile(r"[0-9a-f]{12}")
LEFTOVER = ".new"


def check_checkpoints(folder: Path, rows: Rows, *, busy: bool) -> list[Disagreement]:
    """What is in ``folder`` and should not be there.

    Args:
        folder: where the sweep keeps its checkpoints.
        rows: the sweep.
        busy: whether a launcher is at work; then a half-written file is no leftover.
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
    """Remove what ``check_checkpoints`` finds; leave everything else in the folder alone."""
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
    """Each file of a complete trial that does not hold this trial's own state, and why."""
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
    # A sweep's name that no launch would accept could lead out of the home.
    if NAME.fullmatch(folder.name) and folder.is_dir():
        yield from sorted(e.name for e in os.scandir(folder) if TRIAL_FOLDER.fullmatch(e.name))


def _leftovers(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    return [Path(e.path) for e in os.scandir(folder) if e.name.endswith(LEFTOVER)]


def _wrong(trial_id: str, what: str, expected: str) -> Disagreement:
    return Disagreement(trial_id, "checkpoints", what, expected)
