"""The reason of a failure, as it is stored and shown: the end of the text is always kept.

The end mostly says what would mend the failure.
"""

from __future__ import annotations

from sweeps.commands.redact import hide_secrets

MOST = 2000
"""Characters of a reason at most; a server may answer with a whole page in one line."""


def fitted(text: str) -> str:
    """``text``; if it has more than ``MOST`` characters, only its beginning and its end."""
    if len(text) <= MOST:
        return text
    half = (MOST - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


def first_line(error: BaseException) -> str:
    """The type of an error and the first line of its message, without secrets."""
    lines = str(error).strip().splitlines() or ["no message"]
    return fitted(hide_secrets(f"{type(error).__name__}: {lines[0]}"))
