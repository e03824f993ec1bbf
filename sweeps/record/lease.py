"""The lease of a sweep: a row in the ledger, so that one launcher at a time drives the sweep.

No wall clock is compared. A holder on this machine is gone when its process is gone. A holder on
another machine is gone when its counter ``beat`` stops growing. Every write of a holder checks, in
the same transaction, that the lease is still the holder's (``Ledger.fence``). A holder that was
suspended while another launcher took over finds out before it writes anything.
"""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, CursorResult, Update, bindparam, delete, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from focus_core.errors import UserError
from focus_core.output import tell
from sweeps.commands.command_line import one_line
from sweeps.commands.settings import number
from sweeps.machine.foreign_text import host_name
from sweeps.machine.process_identity import began, this_machine
from sweeps.record.errors import LeaseLostError, LedgerError
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Base, Lease, Sweep, now
from sweeps.record.transactions import Held

BEAT_SECONDS = 5.0
WATCH_SECONDS = 30.0
"""A holder on another machine may be silent for so long (``FOCUS_LEASE_SECONDS``)."""
LOOK_SECONDS = 0.5
LEASES = Base.metadata.tables[Lease.__tablename__]
_BEAT = (  # every write runs this: built once, on the table, at half the cost of the mapped class
    update(LEASES)
    .where(LEASES.c.sweep_id == bindparam("sweep"), LEASES.c.token == bindparam("holder"))
    .values(beat=LEASES.c.beat + 1)
)


@dataclass(frozen=True)
class Holder:
    """Who drives a sweep; ``str`` gives the words for people."""

    host: str
    pid: int
    since: datetime

    def __str__(self) -> str:
        when = self.since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        return f"pid {self.pid} on host {self.host} since {when} UTC"


def holder(ledger: Ledger, sweep: Sweep) -> Holder | None:
    """Who holds ``sweep``; None when nobody does, or when the holder is a dead process here."""
    lease = _read(ledger, sweep)
    return None if lease is None or _is_dead(lease) else _holder(lease)


@contextmanager
def hold(ledger: Ledger, sweep: Sweep, *, beat_seconds: float = BEAT_SECONDS) -> Iterator[None]:
    """Hold ``sweep`` meanwhile: nobody else drives it, and every write of ``ledger`` is fenced.

    Raises:
        UserError: another launcher holds the sweep.
    """
    token = _acquire(ledger, sweep)
    ledger.held = Held(sweep.id, token)
    ledger.fence = lambda connection: _beat(connection, sweep, token)
    ended = threading.Event()
    thread = threading.Thread(
        target=_keep_alive, args=(ledger, ended, beat_seconds), name="lease", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        ledger.fence = ledger.held = None
        _release(ledger, sweep, token)


def _acquire(ledger: Ledger, sweep: Sweep) -> str:
    token = uuid.uuid4().hex
    while True:
        found = _read(ledger, sweep)
        if found is None:
            if _insert(ledger, sweep, token):
                return token
        elif _is_stale(ledger, sweep, found):
            if _take_over(ledger, found, token):
                return token
        else:
            raise UserError(
                f"sweep {sweep.name!r} is held by {_holder(found)}: "
                "wait, stop it, or choose another --name"
            )


def _read(ledger: Ledger, sweep: Sweep) -> Lease | None:
    with ledger.reading() as session:
        return session.get(Lease, sweep.id)


def _insert(ledger: Ledger, sweep: Sweep, token: str) -> bool:
    """False when another launcher was quicker."""
    try:
        with ledger.writing() as session:
            session.add(Lease(sweep_id=sweep.id, **_columns(token)))
    except IntegrityError:
        return False
    return True


def _take_over(ledger: Ledger, found: Lease, token: str) -> bool:
    """False when the holder's ``beat`` grew, or another launcher was quicker."""
    unchanged = (Lease.sweep_id == found.sweep_id, Lease.token == found.token)
    with ledger.writing() as session:
        changes = {**_columns(token), "since": now(), "beat": 0}
        wanted = update(Lease).where(*unchanged, Lease.beat == found.beat).values(changes)
        return _rows(session, wanted) == 1


def _columns(token: str) -> dict[str, str | int]:
    pid = os.getpid()
    return {
        "token": token,
        "host": host_name(),
        "pid": pid,
        "machine": this_machine(),
        "began": began(pid) or "",
    }


def _is_dead(lease: Lease) -> bool:
    """Whether the holder was a process of this machine that is gone; its pid may be used again."""
    return lease.machine == this_machine() and began(lease.pid) != lease.began


def _is_stale(ledger: Ledger, sweep: Sweep, lease: Lease) -> bool:
    if lease.machine == this_machine():
        return _is_dead(lease)
    watch = number("FOCUS_LEASE_SECONDS", WATCH_SECONDS)
    before = one_line(str(_holder(lease)))
    tell(
        f"launch.py: {before} held this sweep; watching up to {watch:g} s for a sign of it",
        error=True,
    )
    deadline = time.monotonic() + watch
    while time.monotonic() < deadline:
        time.sleep(min(LOOK_SECONDS, watch))
        seen = _read(ledger, sweep)
        if seen is None or (seen.token, seen.beat) != (lease.token, lease.beat):
            return False
    return True


def _holder(lease: Lease) -> Holder:
    return Holder(lease.host, lease.pid, lease.since)


def _beat(connection: Connection, sweep: Sweep, token: str) -> None:
    """Increase ``beat``, in the transaction that is about to write.

    Raises:
        LeaseLostError: the lease is not ours any more.
    """
    if connection.execute(_BEAT, {"sweep": sweep.id, "holder": token}).rowcount != 1:
        raise LeaseLostError(
            f"sweep {sweep.name!r} was taken over by another launcher while this one did not "
            "answer: this one stops, and has written nothing since"
        )


def _keep_alive(ledger: Ledger, ended: threading.Event, seconds: float) -> None:
    while not ended.wait(seconds):
        with suppress(LedgerError), ledger.writing():  # ``on_failure`` tells the driver
            pass
        if ledger.failure is not None:
            return


def _release(ledger: Ledger, sweep: Sweep, token: str) -> None:
    if ledger.failure is not None:
        return  # this process ends: the next launcher takes over
    with suppress(LedgerError), ledger.writing() as session:
        session.execute(delete(Lease).where(Lease.sweep_id == sweep.id, Lease.token == token))


def _rows(session: Session, statement: Update) -> int:
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return int(result.rowcount)
