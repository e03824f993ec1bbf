"""What the launcher says to MLflow's own process: the settings once, then rows as columns.

A row travels as a dict of its columns. A pickled row would take its relationships along, which may
be all reports of a trial.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from focus_core.outside.plugin import Plugin
from sweeps.record.schema import Base, Report, Sweep, Trial
from sweeps.record.transactions import Held
from sweeps.showing.tracking.backlog import Work

Columns = dict[str, Any]
_COLUMNS = {
    kind: frozenset(Base.metadata.tables[kind.__tablename__].columns.keys())
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


def columns(row: Sweep | Trial | Report) -> Columns:
    """The columns of a detached row that were read or set; relationships are left out."""
    wanted = _COLUMNS[type(row)]
    found = vars(row).copy()  # who reads a relationship meanwhile adds it there
    return {name: value for name, value in found.items() if name in wanted}


def packed(work: Work) -> tuple[Columns, list[Columns], bool]:
    """``work`` as plain data; ``unpacked`` is the inverse."""
    return columns(work.trial), [columns(report) for report in work.reports], work.complete


def unpacked(trial: Columns, reports: Sequence[Columns], complete: bool) -> Work:
    """The work that ``packed`` was called with, in new rows."""
    config = {sys.intern(key): value for key, value in trial["config"].items()}
    rows = [Report(**report) for report in reports]
    return Work(Trial(**trial | {"config": config}), rows, complete)
