"""Settings of this machine that are no part of a trial: ``FOCUS_*`` in the environment."""

from __future__ import annotations

import math
import os
from typing import NamedTuple

from focus_core.errors import UserError
from focus_core.kernels import setting as kernels


class Variable(NamedTuple):
    """An environment variable: its default and its meaning, in words for people."""

    default: str
    words: str
    is_number: bool = False


VARIABLES = {
    "FOCUS_HOME": Variable("runs", "the home: where ledger, checkpoints and reports are kept"),
    "FOCUS_LEDGER_URL": Variable("the home's `ledger.db`", "the ledger's database, by SQLAlchemy"),
    "MLFLOW_TRACKING_URI": Variable("the home's `mlflow.db`", "where runs are logged"),
    "FOCUS_DATA": Variable(
        "~/.cache/focus_sweeps",
        "the folder of fetched data sets; workers on other machines need it too",
    ),
    "FOCUS_CHECKPOINTS": Variable(
        "the home's `checkpoints/`",
        "where trials keep their state: a folder or a bucket (`s3://`, `gs://`) that every host "
        "reaches",
    ),
    "FOCUS_KEEP": Variable(
        "all",
        "`best`: when a sweep has ended, only the winner's and the reference's checkpoints stay",
    ),
    "FOCUS_CHECKPOINT_SECONDS": Variable(
        "10", "the least time between two checkpoints of a trial", is_number=True
    ),
    "FOCUS_HANG_SECONDS": Variable(
        "1800", "a worker that sends no report for this time is replaced", is_number=True
    ),
    "FOCUS_TRIAL_SECONDS": Variable(
        "none", "the most time that one attempt at a trial may take", is_number=True
    ),
    "FOCUS_MAX_RSS_GB": Variable(
        "none; on a cluster its share of its host",
        "the most memory that a worker may take",
        is_number=True,
    ),
    "FOCUS_MAX_LOST": Variable(
        "3", "this number of trials lost in a row ends the sweep", is_number=True
    ),
    "FOCUS_LEASE_SECONDS": Variable(
        "30",
        "a launcher of another machine that is silent for this time counts as dead",
        is_number=True,
    ),
    "FOCUS_BUSY_MS": Variable(
        "30000", "how long a command waits for a locked ledger", is_number=True
    ),
    "FOCUS_MIN_FREE_MB": Variable(
        "200", "a sweep does not start with less free space than this", is_number=True
    ),
    "FOCUS_AUDIT_SECONDS": Variable(
        "5", "how long the audit watches a running sweep", is_number=True
    ),
    "FOCUS_KERNELS": Variable(
        "auto",
        "who runs the recurrences: `numba` on CPUs (`pip install 'focus-sweeps[fast]'`), `triton` "
        "on GPUs, or `loops` of torch; `auto` takes the first that is installed and runs on the "
        "device",
    ),
    "FOCUS_DEBUG": Variable(
        "none",
        "1 shows the traceback of an unexpected error and keeps Ray's logs until the next launch",
    ),
}
"""All variables; a test compares them with the sources."""
NUMBERS = tuple(sorted(name for name, variable in VARIABLES.items() if variable.is_number))
MOST = 1e9
"""About 30 years in seconds. SQLite and the clocks that watch a worker refuse a value a few times
larger, or overflow."""


def number(name: str, default: float) -> float:
    """The number in the environment variable ``name``; 0 is allowed.

    Raises:
        UserError: the variable is no number, below 0, or above 1e9.
    """
    text = os.environ.get(name, "").strip()
    try:
        value = float(text) if text else default
    except ValueError:
        value = math.nan
    if not 0 <= value <= MOST:
        right = f"a number from 0 to {MOST:.0e}, such as {default:g}"
        raise UserError(f"{name}={text[:40]!r} must be {right}")
    return value


def check_settings() -> None:
    """Raise a UserError for the first of ``NUMBERS`` that is no valid number in the environment.

    FOCUS_KERNELS must name kernels that are installed here.

    All settings are checked before anything is written. Code that uses a setting reads it again.
    """
    for name in NUMBERS:
        number(name, 1)
    kernels.wanted()
