"""Choose a sweep of the ledger and read it; nothing here writes."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from analysis.reading.rows import read_tables
from focus_core.errors import UserError
from focus_core.outside.plugin import Plugin
from sweeps.record.attempts import machines
from sweeps.record.home import find_home
from sweeps.record.plan_history import AskedAt, read_asked, read_confirmations
from sweeps.record.plugins import read_plugins
from sweeps.record.reading import FIRST_SWEEP, reading
from sweeps.record.schema import Report, Sweep, Trial

SWEEPS = Sweep.__table__


@dataclass(frozen=True, kw_only=True)
class Restriction:
    """Which trials a report is about, where it is not all of them.

    Attributes:
        words: the conditions as the user wrote them, such as ``model.order=2``.
        left_out: the numbers of the trials that are not in the tables, in order.
        total: number of all trials.
        began: when the first of all trials began; None where no trial has.
    """

    words: tuple[str, ...]
    left_out: tuple[int, ...]
    total: int
    began: datetime | None

    def sentence(self) -> str:
        """The restriction in words, for readers of the report."""
        kept = self.total - len(self.left_out)
        shown = ", ".join(f"#{number}" for number in self.left_out[:MOST_NAMED])
        shown += f" and {len(self.left_out) - MOST_NAMED} more" * (len(self.left_out) > MOST_NAMED)
        rest = f"left out: {shown}" if self.left_out else "none was left out"
        return f"Only trials with {' and '.join(self.words)}: {kept} of {self.total}; {rest}."


MOST_NAMED = 20


@dataclass(frozen=True, kw_only=True)
class SweepData:
    """One sweep, read.

    Attributes:
        about: the sweep's own columns as plain data, and under ``asked`` its plan after each
            launch (``plan_history.Said``, with the time as ``at``), under ``trained_on`` the kinds
            of machines, under ``plugins`` the mixers and tasks from outside. For several sweeps
            that are compared, the columns of each are under ``sweeps``, by name (see ``compare``).
        trials: see ``tables.trials_schema``.
        curves: see ``curves.CURVES_SCHEMA``.
        restriction: which trials these are, where some were left out.
        asked: the sweep's plan after each launch, and when.
        confirmed_by: the sweep in which its winner was trained again; None where there is none.
    """

    about: dict[str, Any]
    trials: pa.Table
    curves: pa.Table
    restriction: Restriction | None = None
    asked: tuple[AskedAt, ...] = ()
    confirmed_by: SweepData | None = None


def read_sweep(home: Path, name: str | None) -> SweepData:
    """Read one sweep of the ledger: ``name``, or the most recently active one that has trials.

    Raises:
        UserError: no ledger, no table, another schema version, no such sweep.
    """
    with reading(find_home(str(home))) as connection:
        return load_sweep(connection, name)


def load_sweep(connection: sa.Connection, name: str | None) -> SweepData:
    """As ``read_sweep``, in a transaction that has begun."""
    rows = connection.execute(sa.select(SWEEPS).order_by(SWEEPS.c.id)).mappings()
    sweeps = [dict(row) for row in rows]
    if not sweeps:
        raise UserError(f"the ledger holds no sweep yet: {FIRST_SWEEP}")
    confirmations = read_confirmations(connection)
    own = [sweep for sweep in sweeps if sweep["id"] not in confirmations.values()]
    about = _latest(connection, own or sweeps) if name is None else _named(sweeps, name)
    by_id = {sweep["id"]: sweep for sweep in sweeps}
    again = by_id.get(confirmations.get(about["name"]))
    return _read(connection, about, _read(connection, again) if again else None)


def _read(
    connection: sa.Connection, about: dict[str, Any], confirmed_by: SweepData | None = None
) -> SweepData:
    trials, curves = read_tables(connection, about["id"], about["axes"])
    asked = tuple(read_asked(connection, about["id"]))
    return SweepData(
        about=about
        | {"asked": [row.said | {"at": row.at} for row in asked]}
        | {"trained_on": machines(connection, about["id"])}
        | {"plugins": [_plugin(each) for each in read_plugins(connection, about["id"])]},
        trials=trials,
        curves=curves,
        asked=asked,
        confirmed_by=confirmed_by,
    )


def _plugin(plugin: Plugin) -> dict[str, Any]:
    """A plugin without its text: what it adds, and what tells its version from others."""
    adds = {"systems": list(plugin.systems), "tasks": list(plugin.tasks)}
    return {"name": plugin.name, "words": plugin.in_words(), "sha256": plugin.sha256, **adds}


def _named(sweeps: list[dict[str, Any]], name: str) -> dict[str, Any]:
    found = {sweep["name"]: sweep for sweep in sweeps}
    if name in found:
        return found[name]
    near = difflib.get_close_matches(name, found, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the sweeps are {', '.join(sorted(found))}"
    raise UserError(f"no sweep called {name!r} in the ledger; {hint}")


def _latest(connection: sa.Connection, sweeps: list[dict[str, Any]]) -> dict[str, Any]:
    with_trials = set(connection.scalars(sa.select(Trial.sweep_id).distinct()))
    sweeps = [sweep for sweep in sweeps if sweep["id"] in with_trials] or sweeps
    touched = _last_report(connection) if len(sweeps) > 1 else {}

    def when(sweep: Mapping[str, Any]) -> tuple[datetime, int]:
        created = sweep["created"]
        return max(created, touched.get(sweep["id"], created)), sweep["id"]

    return max(sweeps, key=when)


def _last_report(connection: sa.Connection) -> Mapping[int, datetime]:
    """The time of each sweep's last report; the index gives the last step of each trial."""
    last = (
        sa.select(Report.trial_row, sa.func.max(Report.step).label("step"))
        .group_by(Report.trial_row)
        .subquery()
    )
    query = (
        sa.select(Trial.sweep_id, sa.func.max(Report.at, type_=Report.at.type))
        .join(last, last.c.trial_row == Trial.id)
        .join(Report, sa.and_(Report.trial_row == Trial.id, Report.step == last.c.step))
        .group_by(Trial.sweep_id)
    )
    return {sweep_id: at for sweep_id, at in connection.execute(query) if at is not None}
