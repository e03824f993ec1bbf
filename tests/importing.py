"""Call the import as a person does, and read what the ledger then has with plain SQL."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sweeps import importer


def import_sweep(home: Path, *words: str) -> int:
    return importer.main([*words, "--home", str(home)])


def rows(home: Path, table: str, sweep: str | None = None) -> list[dict[str, Any]]:
    """The rows of a table, JSON read; of ``trials`` those of one sweep."""
    with closing(sqlite3.connect(home / "ledger.db")) as database:
        database.row_factory = sqlite3.Row
        found = [dict(row) for row in database.execute(f"select * from {table} order by id")]
        named = dict(database.execute("select name, id from sweeps").fetchall())
    for row in found:
        for key in ("config", "point", "axes", "base", "metrics"):
            if key in row:
                row[key] = json.loads(row[key])
    return [row for row in found if sweep is None or row["sweep_id"] == named[sweep]]


def by_trial(home: Path) -> list[dict[str, Any]]:
    """Every trial with its seeds, by number, and its reports."""
    trials = rows(home, "trials")
    for trial in trials:
        trial["seeds"] = {
            r["seed"]: r for r in rows(home, "replicates") if r["trial_row"] == trial["id"]
        }
        trial["reports"] = [r for r in rows(home, "reports") if r["trial_row"] == trial["id"]]
    return trials
