"""The events that the driver sends to its listeners, as MLflow's and the terminal's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sweeps.record.schema import Report, Sweep, Trial


class Listener:
    """The driver calls these methods, each after the ledger has committed.

    A method must return at once and never raise. Rows are detached: a method may read their
    columns, but not their relationships. A listener inherits this class and writes the methods
    that it needs; here no method does anything.
    """

    def sweep_started(
        self, sweep: Sweep, trials: Sequence[Trial], reports: Mapping[int, Sequence[Report]]
    ) -> None:
        """A launch or relaunch begins; ``reports`` holds the ledger's reports by ``Trial.id``."""

    def trial_started(self, sweep: Sweep, trial: Trial) -> None:
        """A worker has the trial; called again after each retry."""

    def started_over(self, sweep: Sweep, trial: Trial) -> None:
        """A worker does not continue from the checkpoint it found; ``trial.note`` says why."""

    def reported(self, sweep: Sweep, trial: Trial, report: Report) -> None:
        """One report was recorded."""

    def trial_ended(self, sweep: Sweep, trial: Trial) -> None:
        """``trial.state`` is complete, pruned, failed or killed (or waiting again: a retry)."""

    def sweep_ended(self, sweep: Sweep, trials: Sequence[Trial]) -> None:
        """No trial runs any more; ``sweep.finished`` is set if every planned trial has ended."""
