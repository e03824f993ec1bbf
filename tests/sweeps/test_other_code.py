"""focus_core changes between two launches: numbers of two codes never stand in one sweep."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sweeps import launch
from sweeps.provenance.code_identity import trial_code
from tests.sweeps.local_launches import TINY, assert_one_line, changed, rows
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures
from tests.sweeps.test_launches import break_off, launched, other_code, recorded


def test_other_code_is_refused_where_numbers_would_mix(
    tmp_path: Path, mlflow: Mlflow, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launched(tmp_path) == 0
    before = recorded(tmp_path)[0].code
    break_off(tmp_path)
    capsys.readouterr()
    with other_code("0therc0de"):
        assert launched(tmp_path) == 2
    (own,) = {trial.code for trial in rows(tmp_path / "ledger.db")[1]}
    assert_one_line(
        capsys.readouterr().err,
        f"focus_core changed since the sweep 'nfft_bins' was trained ({own} -> 0therc0de for 2 of "
        "2 trials)",
        "choose another --name, or --rerun",
    )
    sweep, found = recorded(tmp_path)
    assert (sweep.code, len(found)) == (before, 1)
    assert [t.state for t in rows(tmp_path / "ledger.db")[1]] == ["complete", "running"]
    assert launched(tmp_path) == 0  # the code put back: it goes on


def test_what_waits_takes_this_code_and_the_sweep_stays_of_the_one_that_trained(
    tmp_path: Path, mlflow: Mlflow, capsys: pytest.CaptureFixture[str]
) -> None:
    """One trial is complete, and what the other would execute was edited before it began."""
    assert launched(tmp_path) == 0
    before = recorded(tmp_path)[0]
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as ledger, ledger:
        ledger.execute('update sweeps set finished = null, versions = \'{"torch": "0.1"}\'')
        ledger.execute(
            "update trials set state = 'waiting', code = '0ld', step = 0, value = null, "
            "test = null, started = null, finished = null where number = 1"
        )
        ledger.execute("delete from reports where trial_row = 2")
        ledger.execute("delete from replicates where trial_row = 2")
    capsys.readouterr()
    assert launched(tmp_path) == 0
    assert "these changed: torch 0.1 -> " in capsys.readouterr().err
    sweep, trials, _ = rows(tmp_path / "ledger.db")
    assert (sweep.code, sweep.versions) == (before.code, {"torch": "0.1"})
    assert [trial.state for trial in trials] == ["complete"] * 2
    assert {trial.code for trial in trials} == {trial_code(trials[0].config)} != {"0ld"}


def test_a_rerun_under_other_code_starts_over_from_nothing(tmp_path: Path, mlflow: Mlflow) -> None:
    assert launched(tmp_path) == 0
    break_off(tmp_path)
    finished = [t.finished for t in rows(tmp_path / "ledger.db")[1]]
    with other_code("0therc0de"):
        assert launched(tmp_path, "--rerun") == 0
    sweep, found = recorded(tmp_path)
    assert sweep.code == found[-1].code == "0therc0de"
    assert {trial.code for trial in rows(tmp_path / "ledger.db")[1]} == {"0therc0de"}
    _, trials, steps = rows(tmp_path / "ledger.db")
    assert [t.state for t in trials] == ["complete"] * 2
    assert list(steps.values()) == [[2, 4]] * 2  # no old checkpoint was gone on from
    assert all(t.finished not in finished for t in trials)


def test_a_finished_sweep_is_left_alone_whatever_the_code(tmp_path: Path, mlflow: Mlflow) -> None:
    assert launched(tmp_path) == 0
    before = recorded(tmp_path)[0].code
    with other_code("0therc0de"):
        assert launched(tmp_path) == 0
    sweep, found = recorded(tmp_path)
    assert (sweep.code, [row.code for row in found]) == (before, [before, "0therc0de"])


def test_more_of_a_finished_sweep_under_other_code_is_refused(
    tmp_path: Path, mlflow: Mlflow, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launched(tmp_path) == 0
    with other_code("0therc0de"):
        for more in ({"--trials": "3"}, {"--seeds": "2"}):
            assert launch.main([*changed(TINY, more), "--home", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("focus_core changed") == 2


def test_other_code_before_anything_was_trained_is_taken(tmp_path: Path, mlflow: Mlflow) -> None:
    assert launched(tmp_path, "--time-budget", "0.001s") == 75
    assert [t.step for t in rows(tmp_path / "ledger.db")[1]] == []
    with other_code("0therc0de"):
        assert launched(tmp_path) == 0
    assert recorded(tmp_path)[0].code == "0therc0de"
