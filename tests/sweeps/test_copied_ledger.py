"""A ledger copied while a sweep runs: told what is missing, and a way to copy that works."""

from __future__ import annotations

import dataclasses
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from analysis import report, trial
from sweeps import audit, backup, generate, launch, look
from sweeps.auditing.checks import check_ledger
from sweeps.auditing.home import look as look_at
from sweeps.record.home import Home, find_home
from sweeps.record.ledger import Ledger
from sweeps.record.reader import read_sweeps
from sweeps.record.reading import reading
from sweeps.record.schema import Lease
from sweeps.workers.checkpoints import TrialCheckpoints
from tests.sweeps.conftest import GRID, add_sweep, by_bin, make_driver, small_base, train
from tests.sweeps.local_launches import (
    MIDDLE,
    TINY,
    assert_all_trained_once,
    has_reported,
    launched,
    rows,
    run,
    wait_until,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

EVERY_STEP = dataclasses.replace(GRID, base=lambda: small_base().override({"train.eval_every": 1}))
READERS: dict[str, Callable[[list[str]], int]] = {
    "report": report.main,
    "audit": audit.main,
    "trial": lambda words: trial.main(["0a", *words]),
    "look": lambda words: look.main(["0a", *words]),
    "generate": lambda words: generate.main(["0a", "x", *words]),
}


@pytest.fixture
def copied_early(ledger: Ledger, tmp_path: Path) -> Path:
    """A home with what `cp ledger.db` takes of a ledger that is in use."""
    train(make_driver(ledger, add_sweep(ledger)), by_bin)
    home = tmp_path / "copy"
    home.mkdir()
    shutil.copy(tmp_path / "ledger.db", home / "ledger.db")
    assert (home / "ledger.db").stat().st_size == 4096
    return home


@pytest.mark.parametrize("command", READERS)
def test_a_ledger_copied_without_its_wal_is_told_so(
    copied_early: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert READERS[command](["--home", str(copied_early)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "ledger.db-wal" in line
    assert "python -m sweeps.backup" in line


def test_a_launch_does_not_begin_anew_in_a_ledger_copied_without_its_wal(
    copied_early: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [*TINY, "--home", str(copied_early)]
    states = copied_early / "checkpoints/nfft_bins"
    TrialCheckpoints(str(states), "0123456789ab", [0]).save({"step": 2})
    before = (copied_early / "ledger.db").read_bytes()
    assert launch.main(words) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "ledger.db-wal" in line
    assert (copied_early / "ledger.db").read_bytes() == before
    shutil.rmtree(states)  # then a launcher may have been killed before it made its tables
    assert launch.main([*words, "--dry-run"]) == 0


def test_every_copy_taken_while_a_writer_writes_is_whole(ledger: Ledger, tmp_path: Path) -> None:
    """Each opens, keeps the law, belongs to nobody, and is gone on from to the same end."""
    driver = make_driver(ledger, add_sweep(ledger, EVERY_STEP), EVERY_STEP)
    with ledger.writing() as session:
        row = {"token": "t", "host": "h", "pid": 1, "machine": "m", "began": "b"}
        session.add(Lease(sweep_id=driver.sweep.id, **row))
    states = tmp_path / "checkpoints" / "s"

    def work() -> None:
        while trained := train(driver, by_bin, at_most=1):
            TrialCheckpoints(str(states), trained[0], [0, 1]).save({"step": 4})

    writer = threading.Thread(target=work)
    writer.start()
    copies = 0
    while writer.is_alive() or not copies:
        backup.copy_home(tmp_path, tmp_path / "ledger.db", tmp_path / f"copy{copies}")
        copies += 1
    writer.join()
    for name in [f"copy{number}" for number in range(copies)]:
        assert {p.name for p in (tmp_path / name).iterdir()} <= {"ledger.db", "checkpoints"}
        with reading(find_home(str(tmp_path / name))) as connection:
            (found,) = read_sweeps(connection, None)
            assert not connection.exec_driver_sql("select * from leases").all()
        assert check_ledger(found, held=False, configure=None) == []
        with closing(Ledger(f"sqlite:///{tmp_path / name / 'ledger.db'}")) as opened:
            sweep = opened.find_sweep("s")
            assert sweep is not None
            again = make_driver(opened, sweep, EVERY_STEP)
            train(again, by_bin)
            assert {t.trial_id: t.value for t in again.trials.values()} == {
                t.trial_id: t.value for t in driver.trials.values()
            }


@pytest.mark.slow
def test_a_sweep_goes_on_from_a_home_copied_while_it_ran(
    blank_database: Path,  # noqa: F811
    tmp_path: Path,
) -> None:
    home, copy = tmp_path / "home", tmp_path / "copy"
    home.mkdir()
    shutil.copy(blank_database, home / "mlflow.db")
    with launched(home, MIDDLE, FOCUS_CHECKPOINT_SECONDS="0") as launcher:
        wait_until(has_reported(home / "ledger.db"), "a trial runs")
        assert backup.main([str(copy), "--home", str(home)]) == 0
        assert launcher.poll() is None  # the original runs on
        assert {t.state for t in rows(copy / "ledger.db")[1]} <= {"killed", "complete", "waiting"}
        shutil.copy(blank_database, copy / "mlflow.db")
        code, said, complained = run(copy, MIDDLE)
        assert (code, complained) == (0, "")
        assert "it starts over" not in said
    assert_all_trained_once(copy / "ledger.db")
    (found,) = look_at(
        Home(copy, f"sqlite:///{copy / 'ledger.db'}", f"sqlite:///{copy / 'mlflow.db'}"), None
    )
    assert found.disagreements == []


@pytest.mark.parametrize("wrong", ["there already", "no parent", "no ledger", "a server", "text"])
def test_a_copy_that_cannot_be_made_leaves_nothing(
    ledger: Ledger,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    wrong: str,
) -> None:
    place = tmp_path / ("a/b" if wrong == "no parent" else "copy")
    home = tmp_path / "none" if wrong == "no ledger" else tmp_path
    if wrong == "there already":
        os.mkfifo(place)
    if wrong == "a server":
        monkeypatch.setenv("FOCUS_LEDGER_URL", "mysql+pymysql://u:hunter2@h/x")
        monkeypatch.setattr(backup, "ledger_file", lambda *_: None)
    if wrong == "text":
        home = tmp_path / "home"
        home.mkdir()
        (home / "ledger.db").write_text("x" * 9000)
    before = sorted(tmp_path.rglob("*"))
    assert backup.main([str(place), "--home", str(home)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "hunter2" not in line
    assert sorted(tmp_path.rglob("*")) == before


def test_a_copy_that_breaks_off_leaves_nothing(
    ledger: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(backup, "_copy_ledger", broken)
    assert backup.main([str(tmp_path / "copy"), "--home", str(tmp_path)]) == 1
    assert [p.name for p in tmp_path.iterdir() if "copy" in p.name] == []
