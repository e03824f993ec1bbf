"""Audit all records of the sweeps in a home."""

from __future__ import annotations

import time
from dataclasses import dataclass

import sqlalchemy as sa

from sweeps.auditing.checkpoints import check_checkpoints, folder_of, without_checkpoint
from sweeps.auditing.checks import check_ledger
from sweeps.auditing.imported import check_imported
from sweeps.auditing.mlflow_reader import check_mlflow
from sweeps.auditing.question import find_configure
from sweeps.auditing.runs import read_runs
from sweeps.auditing.study import check_study
from sweeps.commands.settings import number
from sweeps.provenance.consent import given
from sweeps.provenance.plugins import beside_ours
from sweeps.record.home import Home
from sweeps.record.lease import Holder, holder
from sweeps.record.ledger import Ledger
from sweeps.record.reader import Disagreement, Rows, read_sweeps
from sweeps.record.reading import reading
from sweeps.record.schema import IMPORTED, Lease, Sweep

SETTLE_SECONDS = 5.0
"""The time between two looks at a running sweep (``FOCUS_AUDIT_SECONDS``)."""


@dataclass(frozen=True)
class Looked:
    """What one look at one sweep has found."""

    rows: Rows
    held: Holder | None
    disagreements: list[Disagreement]
    points_checked: bool
    """Whether the space is unchanged, so that every point's id could be computed again."""
    missing: int = 0
    """Complete trials whose checkpoint is not where this sweep keeps its checkpoints."""

    @property
    def name(self) -> str:
        """The name of the sweep."""
        return self.rows.sweep.name

    @property
    def imported(self) -> bool:
        """Whether another tool made the sweep: then only its rows are checked, with each other."""
        return self.rows.sweep.space == IMPORTED


def look(home: Home, name: str | None) -> list[Looked]:
    """Check one sweep, or all.

    If a running sweep disagrees, there is a second look, because MLflow may be a moment behind the
    ledger. Then only what both looks found is returned.

    Raises:
        UserError: no such ledger or sweep, or MLflow cannot be asked.
    """
    first = _look_once(home, name)
    if not any(found.held and found.disagreements for found in first):
        return first
    time.sleep(number("FOCUS_AUDIT_SECONDS", SETTLE_SECONDS))
    before = {found.name: set(found.disagreements) for found in first}
    again = _look_once(home, name)
    return [
        Looked(
            found.rows,
            found.held,
            [d for d in found.disagreements if d in before.get(found.name, ())],
            found.points_checked,
            found.missing,
        )
        for found in again
    ]


def _look_once(home: Home, name: str | None) -> list[Looked]:
    holders = _holders(home)
    with reading(home) as connection:
        sweeps = read_sweeps(connection, name)
    # Holders are read before and after the rows: whoever held the sweep at either time counts.
    holders = _holders(home) | holders
    found = []
    for rows in sweeps:
        with beside_ours(given(rows.plugins)):
            found.append(_look_at(home, rows, holders.get(rows.sweep.name)))
    return found


def _look_at(home: Home, rows: Rows, held: Holder | None) -> Looked:
    if rows.sweep.space == IMPORTED:
        return Looked(rows, held, check_imported(rows), points_checked=False)
    configure, busy = find_configure(rows.sweep), held is not None
    found = check_ledger(rows, held=busy, configure=configure)
    runs = read_runs(home.tracking_uri, rows.sweep, home.mlflow_files)
    found += check_mlflow(rows, runs, held=busy)
    found += check_study(rows)
    folder = folder_of(home, rows.sweep)
    missing = 0
    if folder is not None:
        found += check_checkpoints(folder, rows, busy=busy)
        missing = without_checkpoint(folder, rows)
    return Looked(rows, held, found, points_checked=configure is not None, missing=missing)


def _holders(home: Home) -> dict[str, Holder]:
    with reading(home) as connection:
        if not sa.inspect(connection).has_table(Lease.__tablename__):
            return {}
        leased = sa.select(Lease.sweep_id)
        if not connection.execute(leased).first():
            return {}
    ledger = Ledger(home.ledger_url)
    try:
        with ledger.reading() as session:
            sweeps = session.scalars(sa.select(Sweep).where(Sweep.id.in_(leased))).all()
        found = {sweep.name: holder(ledger, sweep) for sweep in sweeps}
        return {name: who for name, who in found.items() if who is not None}
    finally:
        ledger.close()
