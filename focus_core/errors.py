"""The one kind of error that is an answer to a person."""

from __future__ import annotations


class UserError(ValueError):
    """What a person asked for cannot be done; the message says in one line what would be right.

    Every command shows the message of this error and ends with exit code 2. An error of any other
    type was not foreseen, also where a library raised it as a ``ValueError``.
    """


def require(holds: bool, message: str) -> None:
    """Raise a UserError with ``message`` unless ``holds``."""
    if not holds:
        raise UserError(message)
