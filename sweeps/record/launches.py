"""One row for every launch: the code and machine it ran with, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from sweeps.commands.reasons import fitted
from sweeps.machine.foreign_text import storable
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Launch, Sweep, now

SILENT = "ended without a word: it was killed, or could not write"


def begin_launch(ledger: Ledger, sweep: Sweep, provenance: Mapping[str, Any]) -> Launch:
    """Record that a launch begins, and that earlier launches without a recorded end have ended.

    Call this while the lease is held: then no earlier launch still runs.
    """
    launch = Launch(sweep_id=sweep.id, **provenance)
    with ledger.writing() as session:
        before = select(Launch).where(Launch.sweep_id == sweep.id, Launch.reason.is_(None))
        for silent in session.scalars(before):
            silent.reason = SILENT
        session.add(launch)
    return launch


def end_launch(ledger: Ledger, launch: Launch, exit_code: int, reason: str) -> None:
    """Record how a launch ended."""
    with ledger.writing() as session:
        row = session.get_one(Launch, launch.id)
        row.ended, row.exit_code, row.reason = now(), exit_code, fitted(storable(reason))


def launches(ledger: Ledger, sweep: Sweep) -> list[Launch]:
    """Every launch of ``sweep``, the oldest first."""
    with ledger.reading() as session:
        wanted = select(Launch).where(Launch.sweep_id == sweep.id).order_by(Launch.id)
        return list(session.scalars(wanted))
