"""Why something went wrong, as it is stored and told: never without its end.

What would mend it is mostly said last.
"""

from __future__ import annotations

from sweeps.redact import hide_secrets

MOST = 2000
"""Characters; a server may answer with a page in one line."""


def fitted(text: str) -> str:
    """``text``; of one that is too long, its beginning and its end."""
    if len(text) <= MOST:
        return text
    half = (MOST - 5) // 2
    return f"{text[:half]} ... {text[-half:]}"


def first_line(error: BaseException) -> str:
    """The kind of an error and the first line of what it says, without secrets."""
    lines = str(error).strip().splitlines() or ["no message"]
    return fitted(hide_secrets(f"{type(error).__name__}: {lines[0]}"))
