"""The audit as a user starts it, on a sweep without fault and on broken input."""

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps import audit
from sweeps.record.lease import hold
from sweeps.record.ledger import Ledger
from tests.narrowing import known
from tests.sweeps import audited_home as of
from tests.sweeps.audited_home import (  # noqa: F401  fixtures
    finished_home,
    home,
)
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture


def test_a_clean_sweep_has_no_row(home: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    assert audit.main(["--home", str(home)]) == 0
    said = capsys.readouterr().out
    assert said == (
        "nfft_bins: 3 complete trials without a checkpoint here, so without weights to load\n"
        "nothing disagrees: 6 trials (3 complete, 2 failed, 1 pruned), 12 replicates, 15 reports\n"
    )


def test_the_audit_writes_nothing(home: Path) -> None:  # noqa: F811
    def files() -> dict[Path, bytes]:
        beside = ("-wal", "-shm")  # SQLite's own, empty
        paths = (p for p in home.rglob("*") if p.is_file() and not p.name.endswith(beside))
        return {path: path.read_bytes() for path in paths}

    before = files()
    assert audit.main(["--home", str(home)]) == 0
    assert files() == before


def test_what_disagrees_is_a_table_and_exit_code_1(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    of.sql(home, "ledger", "update trials set value = 9 where number = 0")
    assert audit.main(["--home", str(home), "--sweep", "nfft_bins"]) == 1
    said = capsys.readouterr().out
    assert "disagreements" in said
    assert "nothing disagrees" not in said


def test_names_in_the_table_are_shown_as_they_are(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    of.sql(home, "ledger", "update trials set reused_from = '[red]x[/red]' where number = 0")
    assert audit.main(["--home", str(home)]) == 1
    assert "[red]x" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--sweep", "other"], "no sweep 'other' in the ledger: it has nfft_bins"),
        (["--home", "/nonexistent"], "no ledger at /nonexistent/ledger.db"),
        (["--swep", "x"], "did you mean --sweep?"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    before = [] if "--home" in words else ["--home", str(home)]
    assert audit.main([*before, *words]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert (out, err.count("\n")) == ("", 1)


@pytest.mark.parametrize("kind", ["empty", "foreign", "garbage", "newer"])
def test_what_is_no_ledger_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    path = tmp_path / "ledger.db"
    if kind == "garbage":
        path.write_bytes(b"no database" * 100)
    elif kind == "newer":
        Ledger(f"sqlite:///{path}").close()
        of.sql(tmp_path, "ledger", "update schema_info set version = 99")
    else:
        with sqlite3.connect(path) as database:
            if kind == "foreign":
                database.execute("create table other (x)")
        database.close()
    assert audit.main(["--home", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_home_without_mlflow_is_told_and_repaired(home: Path) -> None:  # noqa: F811
    (home / "mlflow.db").unlink()
    assert {where for _, where, _ in of.findings(home)} == {"MLflow"}
    assert audit.main(["--home", str(home), "--repair"]) == 0


def test_a_running_sweep_is_compared_where_it_rests(
    home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Held by a live launcher: what is at work is left out; repairing is refused."""
    monkeypatch.setenv("FOCUS_AUDIT_SECONDS", "0")
    of.sql(home, "ledger", "update sweeps set finished = null")
    open_now = "set state = 'running', finished = null, test = null where number = 0"
    of.sql(home, "ledger", f"update trials {open_now}")
    assert (0, "ledger", "running, but no launcher holds the sweep") in of.findings(home)

    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}")
    sweep = known(ledger.find_sweep("nfft_bins"))
    with hold(ledger, sweep):
        assert audit.main(["--home", str(home)]) == 0
        assert f"held by pid {os.getpid()}" in capsys.readouterr().out
        assert audit.main(["--home", str(home), "--repair"]) == 2
        assert "wait or stop it" in capsys.readouterr().err
        of.sql(home, "ledger", "update trials set value = 9 where number = 5")
        assert audit.main(["--home", str(home)]) == 1  # what rests is still compared
    ledger.close()


def test_a_space_that_changed_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: F811
    of.sql(home, "ledger", "update sweeps set space = 'gone'")
    of.sql(home, "mlflow", "update tags set value = value")
    assert audit.main(["--home", str(home)]) == 0
    assert "its space is gone or has changed" in capsys.readouterr().out


def test_through_the_front_door(home: Path) -> None:  # noqa: F811
    done = subprocess.run(
        [sys.executable, "sweeps/audit.py", "--home", str(home)],
        cwd=audit.__file__.rsplit("/", 2)[0],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\nnothing disagrees: 6 trials" in done.stdout
    assert json.dumps("torch") not in done.stdout
