"""The ledger's tables. Analysis reads them; only the driver writes them (see ``ledger``)."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from sqlalchemy import JSON, DateTime, ForeignKey, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

SCHEMA_VERSION = 4

State = Literal["waiting", "running", "complete", "pruned", "failed", "killed"]
STATES: tuple[State, ...] = get_args(State)
TERMINAL: tuple[State, ...] = ("complete", "pruned", "failed")  # a relaunch continues killed trials

IMPORTED = "imported"
"""In place of a space's name: another tool made the sweep, and no launch continues it."""


def now() -> datetime:
    """The time in UTC."""
    return datetime.now(UTC)


def new_token() -> str:
    """A random token that is unique."""
    return uuid.uuid4().hex


class UTCTime(TypeDecorator[datetime]):
    """A time that is read back with its time zone, also from databases that store no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSON, list[Any]: JSON, datetime: UTCTime}  # noqa: RUF012


class SchemaInfo(Base):
    """One row: which version of the schema this database has."""

    __tablename__ = "schema_info"

    version: Mapped[int] = mapped_column(primary_key=True)


class Sweep(Base):
    """One question asked: a space, a base, a budget."""

    __tablename__ = "sweeps"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    space: Mapped[str]
    question: Mapped[str] = mapped_column(Text)
    metric: Mapped[str]
    """What ``value`` is, for people: "validation accuracy"."""
    direction: Mapped[str]
    """``maximize`` or ``minimize``."""
    sampler: Mapped[str]
    sampler_seed: Mapped[int]
    seeds: Mapped[int]
    planned: Mapped[int]
    """Trials asked for."""
    base: Mapped[dict[str, Any]]
    """The base config, flat."""
    axes: Mapped[list[Any]]
    """``[{"key", "kind": "categorical"|"int"|"float", "choices"|"low", "high", "log"}]``."""
    command: Mapped[str] = mapped_column(Text)
    """The launcher's command line, for people: no program reads it."""
    given: Mapped[dict[str, Any] | None]
    """What the command line gave, as values by flag; ``set`` has the settings by key. None where
    another tool made the sweep, or a program before this column."""
    commit: Mapped[str] = mapped_column(default="")
    dirty: Mapped[bool] = mapped_column(default=False)
    diff: Mapped[str] = mapped_column(Text, default="")
    code: Mapped[str] = mapped_column(default="")
    """A hash of the code that all trainings execute, taken when the first trial began."""
    versions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    hardware: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created: Mapped[datetime] = mapped_column(default=now)
    finished: Mapped[datetime | None]
    """When every planned trial had ended."""

    trials: Mapped[list[Trial]] = relationship(back_populates="sweep", order_by="Trial.number")


class Asked(Base):
    """What was asked of a sweep, and when: first its plan, then each change that a launch made.

    This table is newer than the others: an older ledger gets it when a launcher opens the ledger.
    """

    __tablename__ = "asked"

    id: Mapped[int] = mapped_column(primary_key=True)
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweeps.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    said: Mapped[dict[str, Any]]
    """Everything that holds from ``at`` on; see ``plan_history.Said``."""


class Lease(Base):
    """Who drives a sweep: one launcher, or none (see ``lease``)."""

    __tablename__ = "leases"

    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweeps.id"), primary_key=True)
    token: Mapped[str]
    """This holder's own token: every write of the holder checks that the token is still here."""
    host: Mapped[str]
    pid: Mapped[int]
    machine: Mapped[str]
    """Where ``pid`` is valid: one boot of a machine, and one pid namespace of it."""
    began: Mapped[str]
    """When the process began, as its machine counts time: a pid is used again, this is not."""
    since: Mapped[datetime] = mapped_column(default=now)
    beat: Mapped[int] = mapped_column(default=0)
    """Grows as long as the holder lives."""


class Launch(Base):
    """One start of a sweep's launcher: the code and machine it ran with, and how it ended."""

    __tablename__ = "launches"

    id: Mapped[int] = mapped_column(primary_key=True)
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweeps.id"), index=True)
    at: Mapped[datetime] = mapped_column(default=now)
    command: Mapped[str] = mapped_column(Text)
    commit: Mapped[str] = mapped_column(default="")
    dirty: Mapped[bool] = mapped_column(default=False)
    diff: Mapped[str] = mapped_column(Text, default="")
    code: Mapped[str] = mapped_column(default="")
    versions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    hardware: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ended: Mapped[datetime | None]
    """None: the launch has not ended, or could not record its end."""
    exit_code: Mapped[int | None]
    reason: Mapped[str | None]
    """One line: why the launch ended."""


class Trial(Base):
    """One configuration of one sweep: it has exactly one row, whichever process dies."""

    __tablename__ = "trials"
    __table_args__ = (
        UniqueConstraint("sweep_id", "trial_id"),
        UniqueConstraint("sweep_id", "number"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sweep_id: Mapped[int] = mapped_column(ForeignKey("sweeps.id"), index=True)
    number: Mapped[int]
    """0, 1, 2 ... in the order of asking."""
    trial_id: Mapped[str] = mapped_column(index=True)
    """The hash of the resolved config: the same id in ledger, MLflow, checkpoints and study."""
    point: Mapped[dict[str, Any]]
    """The axes' values, as the study proposed them."""
    config: Mapped[dict[str, Any]]
    """The canonical config, flat."""
    code: Mapped[str] = mapped_column(default="", server_default="")
    """A hash of the code that its training executes, see ``code_identity``. Sweeps share results,
    and a launch continues a training, only where this hash is equal."""
    variant: Mapped[str | None]
    causal: Mapped[bool]
    """False: declared leaky; shown, never ranked. (A bidirectional classifier is not leaky.)"""
    state: Mapped[str]
    reason: Mapped[str | None]
    """One line: why it was pruned, failed or killed."""
    error: Mapped[str | None] = mapped_column(Text)
    """The traceback, when there is one."""
    value: Mapped[float | None]
    """The validation metric, mean over all seeds, at the last step; never of survivors only."""
    test: Mapped[float | None]
    """The test metric, mean over all seeds, at the end of the full budget only."""
    step: Mapped[int] = mapped_column(default=0)
    steps: Mapped[int]
    """The full budget."""
    retries: Mapped[int] = mapped_column(default=0)
    reused_from: Mapped[str | None]
    """The sweep whose results this trial reuses; None where it reuses none."""
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    seconds: Mapped[float] = mapped_column(default=0.0)
    """Time spent training, over all attempts."""
    token: Mapped[str] = mapped_column(default=new_token)
    """The token of this training of this row; a trial that starts over gets a new token. A
    checkpoint with another token belongs to another sweep, another ledger or an earlier start: it
    is refused."""
    note: Mapped[str | None] = mapped_column(Text)
    """One line: why a worker started over although it found a checkpoint."""

    sweep: Mapped[Sweep] = relationship(back_populates="trials")
    replicates: Mapped[list[Replicate]] = relationship(
        back_populates="trial", order_by="Replicate.seed", cascade="all, delete-orphan"
    )
    reports: Mapped[list[Report]] = relationship(
        back_populates="trial", order_by="Report.step", cascade="all, delete-orphan"
    )


class Replicate(Base):
    """One seed of one trial: the unit of evidence."""

    __tablename__ = "replicates"
    __table_args__ = (UniqueConstraint("trial_row", "seed"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    trial_row: Mapped[int] = mapped_column(ForeignKey("trials.id"), index=True)
    seed: Mapped[int]
    state: Mapped[str]
    """As ``Trial.state``, or ``diverged``: the loss was NaN or infinite at ``step``."""
    step: Mapped[int] = mapped_column(default=0)
    value: Mapped[float | None]
    test: Mapped[float | None]

    trial: Mapped[Trial] = relationship(back_populates="replicates")


class Report(Base):
    """What a trial reported at one step."""

    __tablename__ = "reports"
    __table_args__ = (UniqueConstraint("trial_row", "step"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    trial_row: Mapped[int] = mapped_column(ForeignKey("trials.id"), index=True)
    step: Mapped[int]
    value: Mapped[float | None]
    metrics: Mapped[dict[str, Any]]
    """Flat floats: per seed ``value/0``, ``loss/0``; probes ``leak``, ``pole_radius_max`` ..."""
    at: Mapped[datetime] = mapped_column(default=now)

    trial: Mapped[Trial] = relationship(back_populates="reports")
