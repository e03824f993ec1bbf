"""What the launcher says to MLflow's own process: the settings once, then rows as columns.

A message is a line of JSON. A row travels as a dict of its columns, because its relationships may
be all reports of a trial.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypeVar

from focus_core.outside.plugin import Plugin
from sweeps.record.schema import Base, Report, Sweep, Trial, UTCTime
from sweeps.record.transactions import Held
from sweeps.showing.tracking.backlog import Work

Columns = dict[str, Any]
Row = TypeVar("Row", Sweep, Trial, Report)
_COLUMNS = {
    kind: frozenset(Base.metadata.tables[kind.__tablename__].columns.keys())
    for kind in (Sweep, Trial, Report)
}
_TIMES = {
    kind: [
        column.name
        for column in Base.metadata.tables[kind.__tablename__].columns
        if isinstance(column.type, UTCTime)
    ]
    for kind in (Sweep, Trial, Report)
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the process needs before the first row. Addresses may hold passwords."""

    uri: str
    artifacts: Path
    ledger_url: str
    held: Held
    plugins: Sequence[Plugin] = ()
    """The plugins of the plan: a run shows the defaults of their options."""
    flush_seconds: float = 1.0
    limit: int = 20_000
    """The most reports held while MLflow does not answer."""

    def as_data(self) -> dict[str, Any]:
        """The settings as JSON has them; ``from_data`` is the inverse."""
        plugins = [plugin.as_data() for plugin in self.plugins]
        return asdict(self) | {"artifacts": str(self.artifacts), "plugins": plugins}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """The inverse of ``as_data``."""
        typed: dict[str, Any] = {
            "artifacts": Path(data["artifacts"]),
            "held": Held(*data["held"]),
            "plugins": [Plugin.from_data(each) for each in data["plugins"]],
        }
        return cls(**{**data, **typed})


def line(message: object) -> bytes:
    """A message as one line; ``json.loads`` is the inverse."""
    return json.dumps(message).encode() + b"\n"


def columns(row: Sweep | Trial | Report) -> Columns:
    """The columns of a detached row that were read or set; relationships are left out."""
    wanted = _COLUMNS[type(row)]
    found = vars(row).copy()  # who reads a relationship meanwhile adds it there
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in found.items()
        if name in wanted
    }


def row_of(kind: type[Row], found: Columns) -> Row:
    """A new row with these columns: the inverse of ``columns``."""
    times = {name: datetime.fromisoformat(found[name]) for name in _TIMES[kind] if found.get(name)}
    return kind(**found | times)


def packed(work: Work) -> tuple[Columns, list[Columns], bool]:
    """``work`` as plain data; ``unpacked`` is the inverse."""
    return columns(work.trial), [columns(report) for report in work.reports], work.complete


def unpacked(trial: Columns, reports: Sequence[Columns], complete: bool) -> Work:
    """The work that ``packed`` was called with, in new rows."""
    config = {sys.intern(key): value for key, value in trial["config"].items()}
    rows = [row_of(Report, report) for report in reports]
    return Work(row_of(Trial, trial | {"config": config}), rows, complete)
