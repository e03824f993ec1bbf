"""What the driver tells those who only look: the MLflow tracker and the terminal display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sweeps.schema import Report, Sweep, Trial


class Listener(Protocol):
    """Called on the driver, after the ledger has committed. Must return at once and never raise.

    Rows are detached: their columns may be read, their relationships not.
    """

    def sweep_started(
        self, sweep: Sweep, trials: Sequence[Trial], reports: Mapping[int, Sequence[Report]]
    ) -> None:
        """Launch or relaunch. ``reports`` holds what the ledger has, by ``Trial.id``."""

    def trial_started(self, sweep: Sweep, trial: Trial) -> None:
        """A worker has the trial; again after each retry."""

    def started_over(self, sweep: Sweep, trial: Trial) -> None:
        """A worker does not go on from the checkpoint it found; ``trial.note`` says why."""

    def reported(self, sweep: Sweep, trial: Trial, report: Report) -> None:
        """One report was recorded."""

    def trial_ended(self, sweep: Sweep, trial: Trial) -> None:
        """``trial.state`` is complete, pruned, failed or killed (or waiting again: a retry)."""

    def sweep_ended(self, sweep: Sweep, trials: Sequence[Trial]) -> None:
        """Nothing runs any more; ``sweep.finished`` is set if every planned trial has ended."""
