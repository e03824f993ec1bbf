"""A home of the schema before this one is brought forward whole, or not at all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from analysis import report
from sweeps import audit, migrate
from sweeps.auditing.checks import check_identity
from sweeps.provenance.code_identity import trial_code
from sweeps.record import migrations
from sweeps.record.home import find_home
from sweeps.record.ledger import Ledger
from sweeps.record.reader import read_sweeps
from sweeps.record.reading import reading
from sweeps.record.schema import SCHEMA_VERSION
from sweeps.record.schema_words import OLDER

VERSIONS = (2, 3)
"""Of each there is a file: ``sqlite3.Connection.iterdump`` of a ledger that its program wrote."""


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.fixture
def home(version: int, tmp_path: Path) -> Path:
    dump = Path(__file__).with_name(f"ledger_schema_{version}.sql")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger:
        ledger.executescript(dump.read_text())
    return tmp_path


def contents(home: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table."""
    engine = sa.create_engine(f"sqlite:///{home / 'ledger.db'}")
    with engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        found = {
            name: [
                dict(row) for row in connection.execute(sa.text(f"select * from {name}")).mappings()
            ]
            for name in names
        }
    engine.dispose()
    return found


def test_every_older_version_has_a_step() -> None:
    assert sorted(migrations.STEPS) == sorted(OLDER) == list(range(min(OLDER), SCHEMA_VERSION))
    assert sorted(OLDER) == list(VERSIONS)


def test_a_launcher_brings_it_forward_and_loses_nothing(home: Path, version: int) -> None:
    before = contents(home)
    Ledger(f"sqlite:///{home / 'ledger.db'}").close()
    after = contents(home)
    assert before.pop("schema_info") == [{"version": version}]
    assert after.pop("schema_info") == [{"version": 4}]
    assert [after.pop(name) for name in ("attempts", "plugins")] == [[], []]  # newer tables
    assert [sweep.pop("given") for sweep in after["sweeps"]] == [None]
    if version == 2:
        codes = {trial.pop("code") for trial in after["trials"]}
        assert codes == {sweep["code"] for sweep in before["sweeps"]} != {""}
    assert after == before
    assert len(before["trials"]) == 2


def test_what_only_reads_asks_for_it_and_then_reads(
    home: Path, version: int, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--home", str(home)]
    for main in (report.main, audit.main):
        assert main(words) == 2
        said = capsys.readouterr().err
        assert f"has schema version {version}, this program reads 4: bring it forward with" in said
        assert "`python -m sweeps.migrate`" in said
    assert migrate.main(words) == 0
    assert capsys.readouterr().out.endswith("has schema version 4\n")
    assert report.main(words) == 0
    assert (home / "reports" / "nfft_bins" / "index.html").is_file()
    assert migrate.main(words) == 0  # again: nothing is left to do


@pytest.mark.parametrize("version", [2], indirect=True)  # since then, no id has changed
def test_the_audit_asks_of_other_code_only_what_that_code_can_answer(home: Path) -> None:
    """Negative control: of the same trials, were they this code's, it says what their ids lack."""
    Ledger(f"sqlite:///{home / 'ledger.db'}").close()
    with reading(find_home(str(home))) as connection:
        (rows,) = read_sweeps(connection, "nfft_bins")
    for trial in rows.trials:
        assert list(check_identity(trial, None)) == []
        own = replace(trial, code=trial_code(trial.config))
        (found,) = check_identity(own, None)
        assert "its config, resolved, has the id" in found.what
        wrong = replace(trial, config=trial.config | {"model.width": 9})
        (found,) = check_identity(wrong, None)
        assert "its config has the hash" in found.what
    assert len(rows.trials) == 2


def test_a_step_that_fails_leaves_it_as_it_was(
    home: Path, version: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = migrations.STEPS[version]

    def fails(operations: Any) -> None:
        step(operations)
        raise RuntimeError("the power went")

    before = contents(home)
    monkeypatch.setitem(migrations.STEPS, version, fails)
    with pytest.raises(RuntimeError, match="the power went"):
        Ledger(f"sqlite:///{home / 'ledger.db'}")
    assert contents(home) == before


def test_where_there_is_no_ledger_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrate.main(["--home", str(tmp_path)]) == 2
    assert "no ledger at" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
