"""Which checkpoints stay when a sweep has ended: all, or the winner's and the reference's."""

from __future__ import annotations

import os

from focus_core.errors import UserError
from sweeps.commands.command_line import shown
from sweeps.evidence.winner import reference, winner
from sweeps.record.checkpoint_folder import SweepFolder
from sweeps.record.home import Home
from sweeps.record.reader import read_sweeps
from sweeps.record.reading import reading

FLAG = "FOCUS_KEEP"
ALL, BEST = "all", "best"


def rule() -> str:
    """``all`` or ``best``, as ``FOCUS_KEEP`` says.

    Raises:
        UserError: it says something else.
    """
    said = os.environ.get(FLAG, "").strip() or ALL
    if said not in (ALL, BEST):
        raise UserError(
            f"{FLAG}={shown(said)} must be all, or best (the winner's and the reference's "
            "checkpoints stay when a sweep has ended)"
        )
    return said


def remove_others(home: Home, name: str, folder: SweepFolder) -> None:
    """Remove the checkpoints of every trial of an ended sweep but its winner and its reference."""
    with reading(home) as connection:
        (rows,) = read_sweeps(connection, name)
    stay = {trial.trial_id for trial in (winner(rows), reference(rows)) if trial is not None}
    for trial_id in {trial.trial_id for trial in rows.trials} - stay:
        folder.forget(trial_id)
