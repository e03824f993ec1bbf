"""Trials by their ids, which people shorten."""

from __future__ import annotations

import sqlalchemy as sa

from focus_core.errors import UserError
from sweeps.record.schema import Sweep, Trial

SHOWN = 5


def one_trial(connection: sa.Connection, trial_id: str) -> tuple[str, str]:
    """The sweep and the whole id of the only trial whose id begins with ``trial_id``.

    Several sweeps may have the same trial: the first in which it is complete counts, else the
    first.

    Raises:
        UserError: no trial or several trials begin so.
    """
    wanted = (
        sa.select(Sweep.name, Trial.trial_id)
        .join(Trial)
        .where(Trial.trial_id.startswith(trial_id, autoescape=True))
        .order_by(Trial.state != "complete", Trial.id)
    )
    found = connection.execute(wanted).all()
    ids = sorted({row.trial_id for row in found})
    if len(ids) != 1:
        several = f"{len(ids)} trials begin so: {', '.join(ids[:SHOWN])}"
        raise UserError(
            f"no trial {trial_id!r}: {several if ids else 'the report and MLflow show their ids'}"
        )
    return found[0].name, ids[0]
