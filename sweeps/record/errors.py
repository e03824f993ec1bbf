"""Errors of a ledger, each in one line: what is wrong, where, and what to do."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from focus_core.errors import UserError
from sweeps.commands.redact import hide_secrets

ADVICE = {
    "locked": "another process holds it; stop that one",
    "full": "free some space",
    "readonly": "make its folder writable",
    "unable to open": "make its folder writable, or free some space",
    "disk i/o": "look at its disk",
}
"""What to do, by a word of the database's own message."""


class LedgerError(UserError):
    """The ledger cannot be read or written; the last transaction changed nothing in it."""


class LeaseLostError(LedgerError):
    """Another launcher drives this sweep now, so this launcher must not write any more."""


def explain(error: Exception, shown_url: str) -> LedgerError:
    """Turn what a database raised into an error of one line."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).strip().splitlines()
    first = hide_secrets(lines[0] if lines else type(error).__name__)
    advice = next((a for word, a in ADVICE.items() if word in first.lower()), "see to that")
    return LedgerError(
        f"the ledger {shown_url} cannot be used ({first}): {advice}, then the same command goes on"
    )
