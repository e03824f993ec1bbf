"""Open the ledger to read it. All who read use this: reports, the audit, trained networks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from focus_core.errors import UserError
from sweeps.commands.doors import door
from sweeps.machine.read_only import connect
from sweeps.record.home import Home, ledger_file
from sweeps.record.schema import SchemaInfo
from sweeps.record.schema_words import COPIED, version_words

FIRST_SWEEP = f"run `{door('sweeps/launch.py')} --space nfft_bins` first"


@contextmanager
def reading(home: Home) -> Iterator[sa.Connection]:
    """A connection in one transaction. It cannot write, and sees one moment of the ledger.

    Raises:
        UserError: no ledger, no table, another schema version, an address that cannot be used, or
            a ledger that cannot be read.
    """
    path = ledger_file(home)
    if path is not None and not path.is_file():
        raise UserError(f"no ledger at {path}: {FIRST_SWEEP}, or name its folder with --home")
    shown = str(path or sa.make_url(home.ledger_url).render_as_string(hide_password=True))
    engine = engine_to_read(home.ledger_url, path)
    try:
        with engine.connect() as connection, connection.begin():
            if path is not None:
                connection.exec_driver_sql("BEGIN")  # Python's sqlite3 begins at a write only
            _check_version(connection, shown)
            yield connection
    except sa.exc.ProgrammingError:
        raise  # a bug in this program
    except sa.exc.DBAPIError as error:
        said = (str(error.orig).splitlines() or [type(error.orig).__name__])[0]
        hint = f"; was it {COPIED}" if "malformed" in said else ""
        raise UserError(f"cannot read the ledger at {shown}: {said}{hint}") from error
    finally:
        engine.dispose()


def engine_to_read(url: str, path: Path | None) -> sa.Engine:
    """An engine whose connections cannot write to the ledger.

    Args:
        url: the ledger's address.
        path: the ledger's file; None where a server keeps it.
    """
    if path is None:
        # At this isolation level, a transaction sees the state of one moment.
        return sa.create_engine(url, isolation_level="REPEATABLE READ")
    return sa.create_engine("sqlite://", creator=lambda: connect(path), poolclass=sa.pool.NullPool)


def _check_version(connection: sa.Connection, shown: str) -> None:
    known = sa.inspect(connection).get_table_names()
    if not known:
        raise UserError(f"the ledger {shown} has no tables: {FIRST_SWEEP}, or was it {COPIED}")
    if SchemaInfo.__tablename__ not in known:
        raise UserError(
            f"{shown} is a database of something else (no {SchemaInfo.__tablename__} table): "
            "name another with FOCUS_LEDGER_URL or --home"
        )
    version = connection.scalar(sa.select(SchemaInfo.version))
    if wrong := version_words(version):
        raise UserError(f"the ledger at {shown} {wrong}")
