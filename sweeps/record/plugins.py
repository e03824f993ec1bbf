"""The plugins of a sweep: the ledger keeps their text, so that nothing else needs their files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from focus_core.outside.plugin import Plugin
from sweeps.record.schema import Base, Sweep, now


class PluginRow(Base):
    """One version of a plugin that a sweep's launch was given; a later row replaces its names.

    This table is newer than the others: an older ledger gets it when a launcher opens the ledger.
    """

    __tablename__ = "plugins"

    id: Mapped[int] = mapped_column(primary_key=True)
    sweep_id: Mapped[int] = mapped_column(sa.ForeignKey("sweeps.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    name: Mapped[str]
    sha256: Mapped[str]
    """Of the text, in UTF-8; empty for an entry point."""
    data: Mapped[dict[str, Any]]
    """``Plugin.as_data``, with the text."""


def read_plugins(connection: sa.Connection, sweep_id: int) -> list[Plugin]:
    """The plugins of one sweep as they are now; none where the ledger is older than the table."""
    if not sa.inspect(connection).has_table(PluginRow.__tablename__):
        return []
    wanted = sa.select(PluginRow.data).where(PluginRow.sweep_id == sweep_id).order_by(PluginRow.id)
    found: list[Plugin] = []
    for data in connection.scalars(wanted):
        found = replaced(found, [Plugin.from_data(data)])
    return found


def plugins_of(connection: sa.Connection, sweep: str) -> list[Plugin]:
    """The plugins of the sweep with this name; none where there is no such sweep."""
    found = connection.scalar(sa.select(Sweep.id).where(Sweep.name == sweep))
    return [] if found is None else read_plugins(connection, found)


def replaced(known: Iterable[Plugin], given: Sequence[Plugin]) -> list[Plugin]:
    """The ``given`` plugins after those of the ``known`` ones that add none of the same names."""
    names = {name for plugin in given for name in plugin.adds}
    return [*(plugin for plugin in known if not names & set(plugin.adds)), *given]
