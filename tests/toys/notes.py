"""A toy tracker: a file with a line for every trial that ended."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from sweeps.driving.events import Listener
from sweeps.record.schema import Sweep, Trial

if TYPE_CHECKING:
    from sweeps.showing.listeners import Watched


class Notes(Listener):
    """It writes what it hears, and has nothing to close."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def trial_ended(self, sweep: Sweep, trial: Trial) -> None:
        """One line."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{sweep.name} {trial.number} {trial.state}\n")


def notes(watched: Watched) -> AbstractContextManager[Listener]:
    """The listener of one launch."""
    return nullcontext(Notes(watched.plan.home.folder / "notes.txt"))
