"""One row for every attempt at a trial: where it ran, and from which step it went on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from sweeps.commands.command_line import counted
from sweeps.record.schema import Base, Trial, now


class Attempt(Base):
    """One start of a worker at one trial.

    This table is newer than the others: an older ledger gets it when a launcher opens the ledger,
    and has no attempt of the trials before.
    """

    __tablename__ = "attempts"

    id: Mapped[int] = mapped_column(primary_key=True)
    trial_row: Mapped[int] = mapped_column(sa.ForeignKey("trials.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    host: Mapped[str]
    device: Mapped[str]
    """``cpu``, or the name of the GPU."""
    torch: Mapped[str]
    """The version of torch."""
    step: Mapped[int]
    """The step of the checkpoint from which the attempt went on; 0: it began anew."""


@dataclass(frozen=True)
class Place:
    """Where an attempt runs; see ``Attempt``."""

    host: str
    device: str
    torch: str


def machines(connection: sa.Connection, sweep: int) -> list[str]:
    """The kinds of machines on which a sweep was trained, in words; empty where that is unknown.

    Args:
        connection: to the ledger.
        sweep: ``Sweep.id``.
    """
    if not sa.inspect(connection).has_table(Attempt.__tablename__):
        return []
    columns = (Attempt.device, Attempt.torch, sa.func.count(Attempt.host.distinct()))
    wanted = sa.select(*columns).join(Trial, Trial.id == Attempt.trial_row)
    wanted = wanted.where(Trial.sweep_id == sweep).group_by(Attempt.device, Attempt.torch)
    return [
        f"{device} with torch {torch} ({counted(hosts, 'host')})"
        for device, torch, hosts in connection.execute(wanted.order_by(*columns[:2]))
    ]
