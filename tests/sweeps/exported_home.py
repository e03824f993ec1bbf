"""A home with a trained language sweep, for the tests of what is exported from it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sweeps import export as command
from tests.sweeps.local_launches import SMALL, rows

WORDS = ["--space", "order", "--local", "--seeds", "2", "--trials", "2", "--name", "text", "--set"]
WORDS += [*SMALL, "task.name=pydoc_text", "task.length=32", "train.steps=6", "train.eval_every=3"]


def trials(home: Path) -> list[Any]:
    return list(rows(home / "ledger.db", "text")[1])


def change(home: Path, words: str, *values: Any) -> None:
    with closing(sqlite3.connect(home / "ledger.db")) as ledger, ledger:
        assert ledger.execute(words, values).rowcount > 0


def ask(home: Path, *words: str) -> int:
    return command.main([*words, "--home", str(home)])
