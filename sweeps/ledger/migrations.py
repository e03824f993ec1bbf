"""From one version of the ledger's schema to the next, a step for each."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from sweeps.schema import SCHEMA_VERSION, SchemaInfo


def bring_forward(connection: sa.Connection) -> None:
    """Change the tables of an older ledger into those of this program.

    Whoever is second waits for the first. SQLite and PostgreSQL take a step back that fails.
    """
    version = connection.scalar(sa.select(SchemaInfo.version).with_for_update())
    operations = Operations(MigrationContext.configure(connection))
    for step in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
        STEPS[step](operations)
    connection.execute(sa.update(SchemaInfo).values(version=SCHEMA_VERSION))


def _give_trials_their_code(operations: Operations) -> None:
    """Before, a sweep had one code for all its trials."""
    column = sa.Column("code", sa.String, nullable=False, server_default="")
    operations.add_column("trials", column)
    sweeps, trials = (
        sa.table(name, sa.column("id"), sa.column("sweep_id"), sa.column("code"))
        for name in ("sweeps", "trials")
    )
    of_sweep = sa.select(sweeps.c.code).where(sweeps.c.id == trials.c.sweep_id).scalar_subquery()
    operations.execute(sa.update(trials).values(code=of_sweep))


STEPS: dict[int, Callable[[Operations], None]] = {2: _give_trials_their_code}
"""By the version that a step starts from."""
