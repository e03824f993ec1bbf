"""Find the ledger, choose the sweep, read it; nothing here writes."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from analysis.reading.tables import curves_table, trials_table
from focus_core.errors import UserError
from focus_core.paths import check_path
from sweeps.schema import COPIED, SCHEMA_VERSION, Report, SchemaInfo, Sweep, Trial

FIRST_SWEEP = "run `python sweeps/launch.py --space nfft_bins` first"


@dataclass(frozen=True, kw_only=True)
class SweepData:
    """One sweep, read.

    Attributes:
        about: the sweep's own columns, as plain data.
        trials: see ``tables.trials_schema``.
        curves: see ``tables.CURVES_SCHEMA``.
    """

    about: dict[str, Any]
    trials: pa.Table
    curves: pa.Table


def read_sweep(home: Path, name: str | None) -> SweepData:
    """Read one sweep of the ledger: ``name``, or the one most recently touched that has trials.

    Raises:
        UserError: no ledger, no table, another schema version, no such sweep.
    """
    engine = _open(home)
    try:
        with Session(engine) as session:
            _check_version(session)
            return _load(session, _choose(session, name))
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
        hint = f"; was it {COPIED}" if "malformed" in reason else ""
        shown = _shown(engine.url)
        raise UserError(f"cannot read the ledger at {shown}: {reason}{hint}") from error
    finally:
        engine.dispose()


def _open(home: Path) -> sa.Engine:
    given = os.environ.get("FOCUS_LEDGER_URL")
    try:
        ours = sa.URL.create("sqlite", database=str(home / "ledger.db"))
        url = sa.make_url(given) if given else ours
        sa.create_engine(url).dispose()
    except (sa.exc.ArgumentError, ImportError, ValueError, TypeError) as error:
        raise UserError(
            f"FOCUS_LEDGER_URL cannot be used: {str(error).splitlines()[0]}; "
            "expected something like sqlite:///runs/ledger.db"
        ) from error
    return sa.create_engine(_read_only(url) if url.get_backend_name() == "sqlite" else url)


def _read_only(url: sa.URL) -> sa.URL:
    # mode=ro also keeps SQLite from making an empty database where there is none.
    name = url.database or ""
    if name.startswith("file:"):  # SQLite's own kind of address
        name = name.removeprefix("file:").partition("?")[0]
    path = check_path("FOCUS_LEDGER_URL", Path(name).absolute())
    if not path.is_file():
        raise UserError(f"no ledger at {path}: {FIRST_SWEEP}, or name its folder with --home")
    return url.set(database=path.absolute().as_uri(), query={"mode": "ro", "uri": "true"})


def _check_version(session: Session) -> None:
    bind = session.get_bind()
    known = sa.inspect(bind).get_table_names()
    if not known:
        shown = _shown(bind.engine.url)
        raise UserError(f"the ledger {shown} has no tables: {FIRST_SWEEP}, or was it {COPIED}")
    if Sweep.__tablename__ not in known:
        raise UserError(f"the database at {_shown(bind.engine.url)} is no ledger: {FIRST_SWEEP}")
    version = session.scalar(sa.select(SchemaInfo.version))
    if version != SCHEMA_VERSION:
        raise UserError(
            f"the ledger at {_shown(bind.engine.url)} has schema version {version}, this code "
            f"reads version {SCHEMA_VERSION}: use the code that wrote it"
        )


def _choose(session: Session, name: str | None) -> Sweep:
    sweeps = session.scalars(sa.select(Sweep).order_by(Sweep.id)).all()
    if not sweeps:
        raise UserError(f"the ledger holds no sweep yet: {FIRST_SWEEP}")
    if name is None:
        touched = _last_report(session)
        with_trials = set(session.scalars(sa.select(Trial.sweep_id).distinct()))
        sweeps = [s for s in sweeps if s.id in with_trials] or sweeps
        return max(sweeps, key=lambda s: (max(s.created, touched.get(s.id, s.created)), s.id))
    found = {sweep.name: sweep for sweep in sweeps}
    if name in found:
        return found[name]
    near = difflib.get_close_matches(name, found, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"the sweeps are {', '.join(sorted(found))}"
    raise UserError(f"no sweep called {name!r} in the ledger; {hint}")


def _last_report(session: Session) -> Mapping[int, datetime]:
    query = (
        sa.select(Trial.sweep_id, sa.func.max(Report.at, type_=Report.at.type))
        .join(Report, Report.trial_row == Trial.id)
        .group_by(Trial.sweep_id)
    )
    return {sweep_id: at for sweep_id, at in session.execute(query) if at is not None}


def _load(session: Session, sweep: Sweep) -> SweepData:
    trials: Sequence[Trial] = session.scalars(
        sa.select(Trial)
        .where(Trial.sweep_id == sweep.id)
        .order_by(Trial.number)
        .options(selectinload(Trial.replicates), selectinload(Trial.reports))
    ).all()
    columns = [column.key for column in sa.inspect(Sweep).column_attrs]
    return SweepData(
        about={name: getattr(sweep, name) for name in columns},
        trials=trials_table(trials, sweep.axes),
        curves=curves_table(trials),
    )


def _shown(url: sa.URL) -> str:
    return (url.database or "") if url.get_backend_name() == "sqlite" else url.render_as_string()
