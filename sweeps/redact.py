"""What must never be shown: the credentials in an address."""

from __future__ import annotations

import re

from sqlalchemy.engine import make_url

# Up to the last @: an unquoted password may hold one itself. A file's address has no credentials.
_CREDENTIALS = re.compile(r"\b(?!sqlite|file)([a-z][a-z0-9+.-]*://)[^\s'\"<>]*@", re.IGNORECASE)
_PARAMETER = re.compile(
    r"([?&][^=&\s'\"]*(?:pass|pwd|token|secret|key|sig|auth)[^=&\s'\"]*=)[^&\s'\"]+", re.IGNORECASE
)
SHORTEST = 4
"""A shorter piece of a password is in every other word."""


def hide_secrets(text: str) -> str:
    """``text`` with ``***`` for the user, password and secret parameters of every address in it."""
    return _PARAMETER.sub(r"\1***", _CREDENTIALS.sub(r"\1***@", text))


def hide_secrets_of(uri: str, text: str) -> str:
    """``text`` without the pieces of the credentials in ``uri``, however it quotes them."""
    found = _CREDENTIALS.search(uri)
    pieces = re.split(r"[:/@]+", found.group()[len(found[1]) :]) if found else []
    for piece in sorted(filter(None, pieces), key=len, reverse=True):
        text = text.replace(piece, "***") if len(piece) >= SHORTEST else text
    return hide_secrets(text)


def shown_url(url: str) -> str:
    """A database's address for people."""
    return hide_secrets(make_url(url).render_as_string(hide_password=True))
