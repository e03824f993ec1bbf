"""Secrets in addresses of any shape are never shown, and ordinary words always are."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from focus_core.config import TrialConfig
from sweeps.commands.redact import hide_secrets, hide_secrets_of, shown_url

LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
ODD = "!#$%&'()*+,-./:;<=>?@[]^_`{|}~\"\\ "
Quote = Callable[[str], str]


def raw(word: str) -> str:
    return word


def twice(word: str) -> str:
    return quote(quote(word, safe=""), safe="")


def all_of(word: str) -> str:
    return quote(word, safe="")


def braced(word: str) -> str:
    return "{" + word.replace("}", "}}") + "}"


def in_quotes(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "\\'") + "'"


def listed(word: str) -> str:
    """For a list of name=value, every odd sign but what would end it."""
    return word.replace(";", "").replace(" ", "")


def json_word(word: str) -> str:
    return json.dumps(word)[1:-1]


def option(word: str) -> str:
    return listed(word).replace("&", "")


def connection(word: str) -> str:
    return f"DRIVER={{ODBC Driver 18}};SERVER=db.example;UID=me;PWD={braced(word)};Encrypt=yes"


SHAPES: dict[str, tuple[str, Quote]] = {
    "user and password": ("postgresql+psycopg://me:{}@db.example/x", all_of),
    "unquoted": ("http://me:{}@db.example/x", lambda w: w.replace("://", "")),
    "token for user": ("https://{}@db.example/x", all_of),
    "quoted whole": ("next=https%3A%2F%2Fme%3A{}%40db.example%2Fx&y=1", twice),
    "ODBC": ("mssql+pyodbc:///?odbc_connect={}", lambda w: quote_plus(connection(w))),
    "ODBC, quoted twice": ("mssql+pyodbc:///?odbc_connect={}", lambda w: twice(connection(w))),
    "ODBC, as it is": ("DRIVER={{ODBC 18}};Server=db.example;Uid=me;Pwd={};Encrypt=yes", braced),
    "ODBC, bare": ("Server=db.example;Uid=me;Pwd={};Encrypt=yes", listed),
    "ODBC, at the end": ("Server=db.example;Uid=me;Password = {}", listed),
    "JDBC": ("jdbc:sqlserver://db.example:1433;user=me;password={};encrypt=true", listed),
    "JDBC of Oracle": ("jdbc:oracle:thin:me/{}@db.example:1521:x", all_of),
    "JDBC, query": ("jdbc:mysql://db.example/x?user=me&password={}&useSSL=true", all_of),
    "options": ("postgresql://db.example/x?options=-c password={}", option),
    "options, quoted": ("postgresql://db.example/x?options=-c%20password%3D{}", all_of),
    "keywords": ("host=db.example user=me password={} dbname=x", in_quotes),
    "keywords, bare": ("host=db.example user=me password={} dbname=x", lambda w: f"a{listed(w)}"),
    **{
        f"parameter {name}": (f"https://db.example/x?page=2&{name}={{}}&x=1", all_of)
        for name in (
            *("password", "sslpassword", "passwd", "pwd", "Pwd", "PASS", "pass", "token", "sig"),
            *("access_token", "X-Amz-Signature", "X-Amz-Credential", "X-Amz-Security-Token"),
            *("AWSAccessKeyId", "api_key", "apikey", "key", "client_secret", "Signature", "auth"),
        )
    },
    "account key": ("AccountName=me;AccountKey={};Endpoint=db.example", listed),
    "JSON": ('{{"host": "db.example", "password": "{}", "x": 1}}', json_word),
}  # fmt: skip


def secret(rng: random.Random) -> tuple[str, list[str]]:
    """A password with odd signs, and its pieces, none of which may be seen."""
    pieces = ["".join(rng.choices(LETTERS, k=7)) for _ in range(3)]
    joints = ["".join(rng.choices(ODD, k=rng.randrange(1, 3))) for _ in range(2)]
    return pieces[0] + joints[0] + pieces[1] + joints[1] + pieces[2], pieces


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_planted_in_an_address_is_never_shown(shape: str) -> None:
    text, quoted = SHAPES[shape]
    # What a library says may be the password itself, where the address only quotes it.
    written = raw if quoted in (all_of, twice) else quoted
    for seed in range(80):
        word, pieces = secret(random.Random(f"{shape} {seed}"))
        address = text.format(quoted(word))
        for said in (
            hide_secrets(address),
            hide_secrets(f"cannot reach '{address}'"),
            hide_secrets(f"OperationalError: {address}\nand more"),
            hide_secrets_of(address, f"could not log in with {written(word)} at {address}"),
        ):
            assert [piece for piece in pieces if piece in said] == [], (word, address, said)
        assert "db.example" in hide_secrets(address) or "odbc_connect" in address


DATABASES = [
    name
    for name, (text, _) in SHAPES.items()
    if "://" in text and not text.startswith("jdbc") and name not in ("unquoted", "quoted whole")
]


@pytest.mark.parametrize("shape", DATABASES)
def test_a_secret_planted_in_a_databases_address_is_never_shown(shape: str) -> None:
    text, quoted = SHAPES[shape]
    for seed in range(40):
        word, pieces = secret(random.Random(f"{shape} {seed}"))
        said = shown_url(text.format(quoted(word)))
        assert [piece for piece in pieces if piece in said] == [], (word, said)


ORDINARY = [
    *("passage=3", "compass=1 bypass=2", "tokens=64", "tokenizer=bpe", "model.key_width=8"),
    *("author=me", "signal=9", "design=x", "keyboard=us", "secretary=1", "passes=2", "auth=ldap"),
    "sqlite:////home/a@b/ledger.db",
    "sqlite+pysqlite:////home/a:b@c/le;dger.db?timeout=5",
    "file:///home/a@b",
    "http://host/x?page=2&passage=3&author=me&key_width=4&signal=9",
    "http://127.0.0.1:5000 does not answer, ask admin@example.com",
    "a@b",
    "wrong password: log in again",
    "by_token == 3",
    "a;b;c",
    "100%3B of 3 %40",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_are_shown_as_they_are(text: str) -> None:
    """Negative control."""
    assert hide_secrets(text) == text


def test_every_key_of_a_trial_is_shown_as_it_is() -> None:
    """Negative control."""
    for key in TrialConfig().canonical():
        assert hide_secrets(f"--set {key}=5") == f"--set {key}=5"
