"""Find the ledger and open it: read-only, and in its state at one moment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from focus_core.errors import UserError
from focus_core.paths import check_path
from sweeps.machine.read_only import connect
from sweeps.record.schema import SchemaInfo, Sweep
from sweeps.record.schema_words import COPIED, version_words

FIRST_SWEEP = "run `python sweeps/launch.py --space nfft_bins` first"


@contextmanager
def opened(home: Path) -> Iterator[sa.Connection]:
    """A connection in one transaction, which does not see what a sweep writes meanwhile.

    Raises:
        UserError: no ledger, no table, another schema version, an address that cannot be used, or
            a ledger that cannot be read.
    """
    url = _address(home)
    engine = _engine(url)
    shown = _shown(url)
    try:
        with engine.connect() as connection, connection.begin():
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")  # sqlite3 itself begins only at a write
            _check_version(connection, shown)
            yield connection
    except sa.exc.ProgrammingError:
        raise  # a bug in this program
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).splitlines()[0] if str(error.orig) else type(error.orig).__name__
        hint = f"; was it {COPIED}" if "malformed" in reason else ""
        raise UserError(f"cannot read the ledger at {shown}: {reason}{hint}") from error
    finally:
        engine.dispose()


def _address(home: Path) -> sa.URL:
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
    return url.set(database=str(_file(url))) if url.get_backend_name() == "sqlite" else url


def _file(url: sa.URL) -> Path:
    name = url.database or ""
    if name.startswith("file:"):  # SQLite's form of a URI
        name = name.removeprefix("file:").partition("?")[0]
    path = check_path("FOCUS_LEDGER_URL", Path(name).absolute())
    if not path.is_file():
        raise UserError(f"no ledger at {path}: {FIRST_SWEEP}, or name its folder with --home")
    return path


def _engine(url: sa.URL) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        path = Path(url.database or "")
        return sa.create_engine(
            "sqlite://", creator=lambda: connect(path), poolclass=sa.pool.NullPool
        )
    # At this isolation level, a transaction sees the state of one moment.
    return sa.create_engine(url, isolation_level="REPEATABLE READ")


def _check_version(connection: sa.Connection, shown: str) -> None:
    known = sa.inspect(connection).get_table_names()
    if not known:
        raise UserError(f"the ledger {shown} has no tables: {FIRST_SWEEP}, or was it {COPIED}")
    if Sweep.__tablename__ not in known:
        raise UserError(f"the database at {shown} is no ledger: {FIRST_SWEEP}")
    version = connection.scalar(sa.select(SchemaInfo.version))
    if wrong := version_words(version):
        raise UserError(f"the ledger at {shown} {wrong}")


def _shown(url: sa.URL) -> str:
    return (url.database or "") if url.get_backend_name() == "sqlite" else url.render_as_string()
