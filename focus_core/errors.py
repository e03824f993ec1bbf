"""The one kind of error whose message is an answer to the user."""

from __future__ import annotations


class UserError(ValueError):
    """A request of the user cannot be done; the message says in one line what would be right.

    Every command shows the message of this error and ends with exit code 2. An error of any other
    type is unexpected, even a ``ValueError`` that a library raised.
    """


def require(holds: bool, message: str) -> None:
    """Raise a UserError with ``message`` unless ``holds``."""
    if not holds:
        raise UserError(message)
