"""What a launch does with the trials of earlier launches."""

from __future__ import annotations

from collections.abc import Callable

from sweeps.record.ledger import Ledger
from sweeps.record.schema import TERMINAL, Sweep, Trial
from sweeps.record.seeds import Seeds


def adopt_all(
    ledger: Ledger,
    sweep: Sweep,
    seeds: Seeds,
    forget: Callable[[str], None],
    *,
    retry_failed: bool,
    rerun: bool,
) -> list[Trial]:
    """Take over the trials of earlier launches: a trial that has not ended waits again.

    Args:
        ledger: the record.
        sweep: whose trials.
        seeds: the seeds of its trials.
        forget: removes a trial's checkpoints.
        retry_failed: failed trials lose their results and wait again.
        rerun: all trials that ended do.

    Returns:
        the trials as they are now, in the order of their numbers.
    """

    def adopt(row: Trial) -> Trial:
        if (rerun and row.state in TERMINAL) or (retry_failed and row.state == "failed"):
            forget(row.trial_id)
            return ledger.reset(row)
        more_seeds = row.state == "complete" and seeds.missing(row)
        if row.state in TERMINAL and not more_seeds:
            return row
        if seeds.all_ended(row):
            return ledger.complete(row, seeds.of(row.trial_id))
        return ledger.set_state(row, "waiting")

    return [adopt(row) for row in ledger.trials(sweep)]
