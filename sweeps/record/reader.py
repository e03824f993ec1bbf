"""Read the ledger for the audit, as plain rows. Nothing here writes, or makes a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from focus_core.errors import UserError
from focus_core.outside.plugin import Plugin
from sweeps.record.plan_history import read_asked, seeds_of
from sweeps.record.plugins import read_plugins
from sweeps.record.schema import Replicate, Report, Sweep, Trial
from sweeps.record.seeds import Seeds


@dataclass(frozen=True)
class Disagreement:
    """One thing that breaks a rule of the audit."""

    trial_id: str
    """Empty if the disagreement is about the sweep as a whole."""
    where: str
    """``ledger``, ``MLflow``, ``checkpoints`` or ``study``."""
    what: str
    expected: str


@dataclass(frozen=True)
class ReplicateRow:
    """One seed of a trial; see ``schema.Replicate``."""

    seed: int
    state: str
    step: int
    value: float | None
    test: float | None


@dataclass(frozen=True)
class ReportRow:
    """What a trial reported at one step; see ``schema.Report``."""

    step: int
    value: float | None
    metrics: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, kw_only=True)
class TrialRow:
    """One trial, with replicates in the order of seeds and reports in the order of writing."""

    id: int
    number: int
    trial_id: str
    point: dict[str, Any]
    config: dict[str, Any]
    variant: str | None
    causal: bool
    state: str
    reason: str | None
    error: str | None
    value: float | None
    test: float | None
    step: int
    steps: int
    retries: int
    reused_from: str | None
    finished: datetime | None
    seconds: float
    token: str
    code: str = ""
    replicates: list[ReplicateRow] = field(default_factory=list)
    reports: list[ReportRow] = field(default_factory=list)


@dataclass(frozen=True)
class Rows:
    """One sweep and its trials in the order of their numbers, as they were at one moment."""

    sweep: Sweep
    trials: list[TrialRow]
    seeds: Seeds
    """The seeds that the sweep's trials are trained with."""
    sweep_names: frozenset[str] = frozenset()
    """The names of all sweeps in the ledger."""
    plugins: tuple[Plugin, ...] = ()
    """The mixers and tasks from outside."""


TRIAL_COLUMNS = [
    name for name in TrialRow.__dataclass_fields__ if name not in ("replicates", "reports")
]


def read_sweeps(connection: sa.Connection, name: str | None) -> list[Rows]:
    """The sweep called ``name``, or all sweeps.

    Raises:
        UserError: there is no such sweep, or no sweep at all.
    """
    found = connection.execute(sa.select(Sweep.__table__).order_by(Sweep.id)).mappings().all()
    names = frozenset(str(row["name"]) for row in found)
    if not found:
        raise UserError("the ledger has no sweep yet: launch one first")
    if name is not None and name not in names:
        raise UserError(f"no sweep {name!r} in the ledger: it has {', '.join(sorted(names))}")
    sweeps = [Sweep(**row) for row in found if name in (None, row["name"])]
    return [
        Rows(
            sweep,
            _trials(connection, sweep.id),
            _seeds(connection, sweep),
            names,
            tuple(read_plugins(connection, sweep.id)),
        )
        for sweep in sweeps
    ]


def _seeds(connection: sa.Connection, sweep: Sweep) -> Seeds:
    return seeds_of(sweep, read_asked(connection, sweep.id))


def _trials(connection: sa.Connection, sweep_id: int) -> list[TrialRow]:
    columns = [getattr(Trial, name) for name in TRIAL_COLUMNS]
    mine = Trial.sweep_id == sweep_id
    wanted = sa.select(*columns).where(mine).order_by(Trial.number)
    trials = [TrialRow(**row) for row in connection.execute(wanted).mappings()]
    by_row = {trial.id: trial for trial in trials}
    for kind, row_type, order, target in (
        (Replicate, ReplicateRow, Replicate.seed, "replicates"),
        (Report, ReportRow, Report.id, "reports"),
    ):
        names = list(row_type.__dataclass_fields__)
        parts = [getattr(kind, part) for part in ("trial_row", *names)]
        query = sa.select(*parts).join(Trial, kind.trial_row == Trial.id).where(mine)
        for row, *values in connection.execute(query.order_by(order)):
            getattr(by_row[row], target).append(row_type(*values))
    return trials
