"""Check the folder of a sweep's checkpoints against the ledger.

The folder must not hold a half-written file or the files of a trial without a row. A file of a
complete trial must not be damaged and must not belong to another trial.

A missing checkpoint breaks no rule, because a finished trial needs none and an open trial starts
over; ``without_checkpoint`` counts them. An empty file counts as missing. A damaged file of an open
trial is not looked for: the trial's worker refuses the file, and says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyarrow import fs

from sweeps.planning.plan import NAME
from sweeps.record.checkpoint_folder import SweepFolder
from sweeps.record.home import Home
from sweeps.record.reader import Disagreement, Rows, TrialRow
from sweeps.record.schema import Sweep
from sweeps.workers.checkpoints import read_own
from sweeps.workers.state_file import RefusedError


def folder_of(home: Home, sweep: Sweep) -> SweepFolder | None:
    """Where ``sweep`` keeps its checkpoints; None where its name could lead out of the home."""
    if not NAME.fullmatch(sweep.name):
        return None
    return SweepFolder(home.checkpoints(sweep.name, sweep.created))


def check_checkpoints(folder: SweepFolder, rows: Rows, *, busy: bool) -> list[Disagreement]:
    """What is in ``folder`` and should not be there.

    Args:
        folder: where the sweep keeps its checkpoints.
        rows: the sweep.
        busy: whether a launcher is at work; then a half-written file is no leftover.
    """
    found = []
    trials = {trial.trial_id: trial for trial in rows.trials}
    for trial_id in folder.trials():
        trial = trials.get(trial_id)
        if trial is None:
            found.append(_wrong(trial_id, "a folder, but no row", "none"))
            continue
        count = 0 if busy else len(folder.leftovers(trial_id))
        if count:
            found.append(_wrong(trial_id, f"{count} half-written files", "none"))
        for info, why in _refused(folder, trial):
            what = f"{info.base_name} {why}"
            found.append(_wrong(trial_id, what, "its own state, whole, or none"))
    return found


def without_checkpoint(folder: SweepFolder, rows: Rows) -> int:
    """How many trials were completed in this sweep and have no checkpoint here."""
    here = set(folder.trials())
    return sum(
        trial.state == "complete"
        and trial.reused_from is None
        and not (trial.trial_id in here and folder.kept(trial.trial_id))
        for trial in rows.trials
    )


def clean_checkpoints(folder: SweepFolder, rows: Rows) -> None:
    """Remove what ``check_checkpoints`` finds; leave everything else in the folder alone."""
    trials = {trial.trial_id: trial for trial in rows.trials}
    for trial_id in folder.trials():
        trial = trials.get(trial_id)
        if trial is None:
            folder.forget(trial_id)
            continue
        useless = [info for info, _ in _refused(folder, trial)]
        for info in useless + folder.leftovers(trial_id):
            folder.remove(info.path)


def _refused(folder: SweepFolder, trial: TrialRow) -> Iterator[tuple[fs.FileInfo, str]]:
    """Each file of a complete trial that does not hold this trial's own state, and why."""
    if trial.state != "complete":
        return
    own = {"trial_id": trial.trial_id, "code": trial.code, "token": trial.token}
    for info in folder.kept(trial.trial_id):
        try:
            read_own(folder.files, info.path, own)
        except RefusedError as refused:
            yield info, str(refused)


def _wrong(trial_id: str, what: str, expected: str) -> Disagreement:
    return Disagreement(trial_id, "checkpoints", what, expected)
