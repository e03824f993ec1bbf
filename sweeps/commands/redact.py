"""Hide what must never be shown: the credentials in an address."""

from __future__ import annotations

import re
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from sqlalchemy.engine import make_url

# A file's address has no credentials.
_SCHEME = r"(?<![\w+.-])((?!sqlite|file)[a-z][a-z0-9+.-]*://|jdbc:oracle:\w+:)"
# An unquoted password may hold @ and spaces: up to the last @ that can belong to this address.
_CREDENTIALS = re.compile(
    rf"{_SCHEME}(?:[^\s/@:]*:(?!\d+(?:[/?#\s,;.)'\"]|$))(?:(?!://)[^\n])*|\S*)@", re.IGNORECASE
)
_QUOTED_CREDENTIALS = re.compile(
    r"(?<!sqlite)(?<!file)(%(?P<level>(?:25)*)3A(?:%(?P=level)2F){2})[^\s&]*(%(?P=level)40)",
    re.IGNORECASE,
)
_PASSWORD = r"(?:password|passwd|passphrase|pwd|secret)(?:[._-]\w+|\d+)?"
_LONG = (
    rf"(?:{_PASSWORD}|token|signature|credentials?|authorization|"
    r"(?:api|access|account|secret|shared|private)[_-]?key(?:[_-]?id)?)"
)
"""These names also match after other letters, as in ``sslpassword``, but never before other
letters, as in ``tokenizer``."""
_SHORT = r"(?:pass|pw|sig|auth|sas|jwt|key)"
_BRACED = r"\{(?:[^}]|\}\})*\}"
_IN_QUOTES = r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\""
_NAMED = re.compile(
    # in a query, as ?name=value or &name=value: a quote may end the address
    rf"([?&](?:[^=&?\s]*{_LONG}|{_SHORT})=)"
    rf"(?:[^&\s'\"<>]|['\"<>](?![\s;,.:)\]}}]|$))+"
    # in ODBC's and JDBC's lists, as ;name=value
    rf"|(;\s*(?:[^=;\s]*{_LONG}|{_SHORT})\s*=\s*)(?:{_BRACED}|{_IN_QUOTES}|[^;\n]+)"
    # elsewhere, as in name=value other=value
    rf"|((?:{_LONG}=|{_PASSWORD}\s*=\s*)(?!=))(?:{_BRACED}|{_IN_QUOTES}|[^;\n]+(?=;)|\S+)"
    # as JSON or Python writes it
    rf"|({_LONG}(?P<quote>['\"])\s*:\s*)(?:{_IN_QUOTES})"
    # PostgreSQL's options, quoted for an address
    rf"|(-c(?:%(?:25)*20|\+)?{_LONG}%(?:25)*3D)[^\s&]+"
    # ODBC's and JDBC's, quoted for an address, once or more often
    rf"|((?:{_LONG}|(?<![a-z]){_SHORT}|(?<=%3B){_SHORT}|(?<=%26){_SHORT})%(?P<level>(?:25)*)3D)"
    rf"(?:%(?P=level)7B(?:(?!%(?P=level)7D)[^\s&]|(?:%(?P=level)7D){{2}})*%(?P=level)7D"
    rf"|(?:(?!%(?P=level)(?:3B|26))[^\s&'\"<>])+)",
    re.IGNORECASE,
)
SHORTEST = 4
"""Characters of a hidden piece at least: a shorter one would be found in many other words."""


def hide_secrets(text: str) -> str:
    """``text`` with ``***`` for the user, password and secret parameters of every address in it."""
    text = _NAMED.sub(lambda found: f"{_name(found)}***", text)
    return _QUOTED_CREDENTIALS.sub(r"\1***\3", _CREDENTIALS.sub(r"\1***@", text))


def hide_secrets_of(uri: str, text: str) -> str:
    """``text`` without the pieces of the credentials in ``uri``, however ``text`` quotes them."""
    whole = set()
    for address in (uri, unquote(uri), unquote(unquote(uri))):
        for found in _CREDENTIALS.finditer(address):
            said = found.group()[len(found[1]) : -1]
            whole |= {said, said.partition(":")[2]}
        for found in _NAMED.finditer(address):
            whole.add(found.group().removeprefix(_name(found)).strip("'\"{}"))
    whole |= {change(piece) for piece in whole for change in (unquote, unquote_plus)}
    pieces = {piece for each in whole for piece in (each, *re.split(r"[:/@{};]+", each))}
    pieces |= {change(piece) for piece in pieces for change in (quote, quote_plus)}
    for piece in sorted(pieces, key=len, reverse=True):
        text = text.replace(piece, "***") if len(piece) >= SHORTEST else text
    return hide_secrets(text)


def shown_url(url: str) -> str:
    """A database's address without credentials, for people."""
    address = make_url(url)
    if address.username or address.password:
        address = address.set(username="***", password=None)
    return hide_secrets(address.render_as_string())


def _name(found: re.Match[str]) -> str:
    """The part of a match of ``_NAMED`` that may be shown: the secret's name."""
    return next(found[number] for number in (1, 2, 3, 4, 6, 7) if found[number] is not None)
