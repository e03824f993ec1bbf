"""Settings of this machine that are no part of a trial: ``FOCUS_*`` in the environment."""

from __future__ import annotations

import math
import os

from focus_core.errors import UserError

NUMBERS = (
    "FOCUS_AUDIT_SECONDS",
    "FOCUS_BUSY_MS",
    "FOCUS_CHECKPOINT_SECONDS",
    "FOCUS_HANG_SECONDS",
    "FOCUS_LEASE_SECONDS",
    "FOCUS_MAX_LOST",
    "FOCUS_MAX_RSS_GB",
    "FOCUS_MIN_FREE_MB",
    "FOCUS_TRIAL_SECONDS",
)
"""All settings that are numbers; a test compares this list with the sources."""
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

    All settings are checked before anything is written. Code that uses a setting reads it again.
    """
    for name in NUMBERS:
        number(name, 1)
