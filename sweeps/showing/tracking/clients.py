"""Make MLflow's client with few log messages, and one that cannot change a database in a file."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import SADeprecationWarning

from sweeps.commands.sqlite_address import read_only_url, sqlite_file
from sweeps.planning.destinations import check_schema

ENVIRONMENT = {
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",  # seconds; MLflow's default, 120 s tried 7 times,
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # would delay a sweep's end by a quarter of an hour
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
}


POOL = "MLFLOW_SQLALCHEMYSTORE_POOLCLASS"


def quiet_client(uri: str) -> Any:
    """An ``MlflowClient`` for ``uri``, with few log messages and short timeouts; imports mlflow.

    Raises:
        Exception: whatever MLflow raises when ``uri`` is not valid.
    """
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    # mlflow 3.17 with SQLAlchemy 2.1 warns about a relationship that it never reads
    warnings.filterwarnings("ignore", "The ``noload``", SADeprecationWarning)
    from mlflow.tracking import MlflowClient

    for logger in ("mlflow", "alembic", "urllib3"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    return MlflowClient(tracking_uri=uri)


def connect_to_read(uri: str) -> Any:
    """A client that only reads: SQLite refuses every change, and no database is made.

    Raises:
        UserError: the database does not have the schema of the installed MLflow.
        Exception: whatever MLflow raises when ``uri`` is not valid, or does not answer.
    """
    # This first look also rolls back what a killed writer left, for which SQLite must write.
    check_schema(uri, "MLFLOW_TRACKING_URI")
    path = sqlite_file(uri)
    if path is None:
        return quiet_client(uri)
    with _no_connection_kept():
        return quiet_client(read_only_url(path))


@contextmanager
def _no_connection_kept() -> Iterator[None]:
    """A client made meanwhile closes the file after each call, so that its disk can be unmounted.

    MLflow reads this variable when it opens a database.
    """
    before = os.environ.get(POOL)
    os.environ[POOL] = "NullPool"
    try:
        yield
    finally:
        del os.environ[POOL]
        if before is not None:
            os.environ[POOL] = before
