"""What the ledger holds of what was asked of a sweep, and when; to read. Analysis reads it too."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from sweeps.schema import Asked

Said = dict[str, Any]
"""What stands of a sweep's plan, by these keys; what is absent was not said.

seeds, trials, sampler: as asked for.
code: ``Sweep.code``.
hypothesis, margin: in the words of who launched it.
more: trial id to seeds, of those that were given more than the others.
confirms: the sweep whose winner is trained again here, on seeds from ``first_seed`` on.
again: ``--rerun`` or ``--retry-failed``, at that hour; it does not last.
"""


class AskedAt(NamedTuple):
    """One row: all that stands from that hour on."""

    at: datetime
    said: Said


def read_asked(connection: sa.Connection, sweep_id: int) -> list[AskedAt]:
    """The rows of one sweep, the first one first; none where a ledger is older than its table."""
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
    """What stands now."""
    last = rows[-1].said if rows else {}
    return {key: value for key, value in last.items() if key != "again"}


def _is_there(connection: sa.Connection) -> bool:
    return sa.inspect(connection).has_table(Asked.__tablename__)
