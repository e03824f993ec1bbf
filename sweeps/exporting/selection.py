"""The trial and the seed that an export takes."""

from __future__ import annotations

import math
from typing import NamedTuple

from focus_core.errors import UserError, require
from sweeps.evidence.ranking import best_of, largest, may_rank
from sweeps.record.home import Home
from sweeps.record.reader import ReplicateRow, TrialRow, read_sweeps
from sweeps.record.reading import reading
from sweeps.record.schema import Sweep
from sweeps.record.trial_ids import one_trial


class Chosen(NamedTuple):
    """A complete trial and its sweep."""

    sweep: Sweep
    row: TrialRow

    def best_seed(self) -> int:
        """The seed with the best validation score, the smallest of equal ones.

        The score on the test split plays no part: it stays a score on data that chose nothing.

        Raises:
            UserError: no seed has a finite score.
        """
        sign = 1 if self.sweep.direction == "maximize" else -1
        found = [(sign * value, -each.seed) for each in self.row.replicates
                 if (value := _finite(each)) is not None]  # fmt: skip
        require(
            bool(found),
            f"no seed of trial {self.row.trial_id} has a finite validation score: it diverged",
        )
        return -max(found)[1]

    def known_seed(self, seed: int) -> int:
        """The same seed, if the trial has it.

        Raises:
            UserError: the trial was not trained with it.
        """
        seeds = [each.seed for each in self.row.replicates]
        known = ", ".join(map(str, seeds))
        require(seed in seeds, f"trial {self.row.trial_id} has no seed {seed}: it has {known}")
        return seed


def chosen_trial(home: Home, trial_id: str) -> Chosen:
    """The trial whose id begins with ``trial_id``.

    Raises:
        UserError: no trial or several trials begin so, or it is not complete.
    """
    with reading(home) as connection:
        name, whole_id = one_trial(connection, trial_id)
        (rows,) = read_sweeps(connection, name)
    (row,) = (row for row in rows.trials if row.trial_id == whole_id)
    if row.state != "complete":
        raise UserError(
            f"trial {row.trial_id} is {row.state}, not complete: the same launch finishes it"
        )
    return Chosen(rows.sweep, row)


def best_trial(home: Home, sweep: str) -> Chosen:
    """The best trial of a sweep on validation, among those that may be ranked.

    Raises:
        UserError: there is no such sweep, or it has no trial that may be ranked.
    """
    with reading(home) as connection:
        (rows,) = read_sweeps(connection, sweep)
    ranked = [row for row in rows.trials if may_rank(row, leak_of(row))]
    best = best_of(ranked, maximize=rows.sweep.direction == "maximize")
    if best is None:
        raise UserError(f"sweep {sweep!r} has no complete trial that may be called best yet")
    return Chosen(rows.sweep, best)


def leak_of(row: TrialRow) -> float | None:
    """The largest leak that a trial ever reported; None if it reported none."""
    return largest("leak", (report.metrics for report in row.reports))


def _finite(replicate: ReplicateRow) -> float | None:
    value = replicate.value
    return value if value is not None and math.isfinite(value) else None
