"""Migrations of the ledger's schema: one step from each version to the next."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from sweeps.record.schema import SCHEMA_VERSION, SchemaInfo


def bring_forward(connection: sa.Connection) -> None:
    """Change the tables of an older ledger into those of this program.

    SQLite and PostgreSQL roll back a step that fails.
    """
    version = connection.scalar(sa.select(SchemaInfo.version))
    operations = Operations(MigrationContext.configure(connection))
    for step in range(version or SCHEMA_VERSION, SCHEMA_VERSION):
        STEPS[step](operations)
    connection.execute(sa.update(SchemaInfo).values(version=SCHEMA_VERSION))


def _give_trials_their_code(operations: Operations) -> None:
    """Add ``trials.code``: before this version, a sweep had one code for all its trials."""
    column = sa.Column("code", sa.String, nullable=False, server_default="")
    operations.add_column("trials", column)
    sweeps, trials = (
        sa.table(name, sa.column("id"), sa.column("sweep_id"), sa.column("code"))
        for name in ("sweeps", "trials")
    )
    of_sweep = sa.select(sweeps.c.code).where(sweeps.c.id == trials.c.sweep_id).scalar_subquery()
    operations.execute(sa.update(trials).values(code=of_sweep))


def _keep_what_was_given(operations: Operations) -> None:
    """Add ``sweeps.given``, empty: before this version, only the text of the command was kept."""
    operations.add_column("sweeps", sa.Column("given", sa.JSON))


STEPS: dict[int, Callable[[Operations], None]] = {
    2: _give_trials_their_code,
    3: _keep_what_was_given,
}
"""Each step, by the version that it starts from."""
