"""Read whether a lease still stands, in a process that does not drive the sweep."""

from __future__ import annotations

import sqlalchemy as sa

from sweeps.record.database_file import path_of
from sweeps.record.reading import engine_to_read
from sweeps.record.schema import Lease
from sweeps.record.transactions import Held


class LeaseReader:
    """Reads the lease ``held`` in the ledger at ``url``, and never writes there.

    Raises:
        UserError: ``url`` is the address of a database in memory.
    """

    def __init__(self, url: str, held: Held) -> None:
        address = sa.make_url(url)
        is_file = address.get_backend_name() == "sqlite"
        self._engine = engine_to_read(url, path_of(address, "the ledger") if is_file else None)
        self._held = held
        self._query = sa.select(Lease.token).where(Lease.sweep_id == held.sweep_id)

    def is_ours(self) -> bool:
        """False once the lease is another's or nobody's; True if the ledger cannot be read now.

        A holder that cannot write to its ledger stops by itself, and nobody else has taken over.
        """
        try:
            with self._engine.connect() as connection:
                return connection.scalar(self._query) == self._held.token
        except sa.exc.SQLAlchemyError:
            return True
