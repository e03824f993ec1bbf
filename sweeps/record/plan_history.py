"""Read from the ledger what was asked of a sweep, and when; ``analysis`` uses this module too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from sweeps.record.schema import Asked, Sweep
from sweeps.record.seeds import Seeds

Said = dict[str, Any]
"""A sweep's plan as it holds at one time, by these keys; an absent key was never given.

seeds, trials, sampler: as asked for.
code: ``Sweep.code``.
hypothesis, margin: as the person who launched the sweep, or its space, stated them.
more: the number of seeds by trial id, for trials that got more than the others.
confirms: the sweep whose winner this sweep trains again, on seeds from ``first_seed`` on.
again: ``--rerun`` or ``--retry-failed``, if that launch had it; later rows do not keep it.
"""


class AskedAt(NamedTuple):
    """One row: everything that holds from the time ``at`` on."""

    at: datetime
    said: Said


def read_asked(connection: sa.Connection, sweep_id: int) -> list[AskedAt]:
    """The rows of one sweep, the oldest first; none where the ledger is older than the table."""
    if not _is_there(connection):
        return []
    wanted = sa.select(Asked.at, Asked.said).where(Asked.sweep_id == sweep_id).order_by(Asked.id)
    return [AskedAt(*row) for row in connection.execute(wanted)]


def read_confirmations(connection: sa.Connection) -> dict[str, int]:
    """``Sweep.id`` of each confirmation, by the name of the sweep that it confirms."""
    if not _is_there(connection):
        return {}
    rows = connection.execute(sa.select(Asked.sweep_id, Asked.said))
    return {said["confirms"]: sweep_id for sweep_id, said in rows if "confirms" in said}


def standing(rows: Sequence[AskedAt]) -> Said:
    """What holds now: the last row, without ``again``."""
    last = rows[-1].said if rows else {}
    return {key: value for key, value in last.items() if key != "again"}


def seeds_of(sweep: Sweep, rows: Sequence[AskedAt]) -> Seeds:
    """The seeds that the trials of a sweep are trained with."""
    said = standing(rows)
    return Seeds(count=sweep.seeds, first=said.get("first_seed", 0), more=said.get("more", {}))


def _is_there(connection: sa.Connection) -> bool:
    return sa.inspect(connection).has_table(Asked.__tablename__)
