"""An imported sweep among ours: never gone on with, audited for what it is, reported on."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import search_spaces
from analysis.reading.compare import read_sweeps
from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from analysis.reading.where import where
from analysis.report import main as report
from focus_core.config import TrialConfig
from focus_core.errors import UserError
from sweeps.audit import main as audit
from sweeps.launch import main as launch
from sweeps.record.derived_rows import config_hash
from sweeps.record.schema import IMPORTED
from tests.analysis.summary_types import wrong_of
from tests.importing import import_sweep

ROWS = """method,enc.lr,dec.lr,seed,accuracy
ours,0.1,0.2,0,91.5
ours,0.1,0.2,1,92.5
ours,0.1,0.3,0,89.5
ours,0.1,0.3,1,90.0
ours,0.1,0.3,2,
theirs,0.1,0.2,0,80.5
theirs,0.1,0.2,1,81.5
theirs,0.1,0.3,0,nan
theirs,0.1,0.3,1,79.5
"""
WORDS = ["--from", "table", "--metric", "accuracy", "--direction", "maximize", "--parameters"]
WORDS += ["method", "enc.lr", "dec.lr"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "foreign.csv"
    path.write_text(ROWS)
    assert import_sweep(tmp_path, *WORDS, "--source", str(path)) == 0
    return tmp_path


def test_it_is_never_gone_on_with(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--space", "nfft_bins", "--name", "foreign", "--home", str(home), "--local"]
    assert launch(words) == 2
    error = capsys.readouterr().err
    assert "was imported from another tool and cannot be gone on with" in error
    assert error.count("\n") == 1


def test_no_space_is_called_so() -> None:
    assert IMPORTED not in search_spaces.names()


def test_it_is_not_imported_over_another(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = str(home / "foreign.csv")
    assert import_sweep(home, *WORDS, "--source", source) == 2
    assert "has a sweep 'foreign' already: choose another --name" in capsys.readouterr().err
    assert import_sweep(home, *WORDS, "--source", source, "--name", "again") == 0


def test_the_audit_says_what_it_is(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert audit(["--home", str(home)]) == 0
    said = capsys.readouterr().out
    assert "foreign: imported from another tool; only its own rows were compared" in said
    assert "nothing disagrees" in said


@pytest.mark.parametrize(
    "change",
    [
        "update trials set value = value + 0.001 where number = 0",
        "update trials set value = 1 where state = 'failed'",
        "update trials set value = null where number = 0",
        "update trials set test = 1 where number = 0",
        "update trials set config = json_set(config, '$.method', 'others') where number = 0",
        "update trials set point = json_set(point, '$.method', 'others') where number = 0",
        "update trials set number = 7 where number = 1",
        "update trials set state = 'complete', reason = null where state = 'failed'",
        "update trials set reason = null where state = 'failed'",
        "update trials set state = 'odd' where number = 0",
        "update trials set finished = null where number = 0",
        "update trials set step = 9 where number = 0",
        "update replicates set value = value + 0.001 where id = 1",
        "update replicates set state = 'failed' where id = 1",
        "update replicates set value = 1 where state = 'diverged'",
        "update replicates set state = 'odd' where state = 'diverged'",
        "delete from replicates where id = 1",
        "update reports set value = value + 0.001 where id = 1",
        "update reports set step = -1 where id = 1",
        "delete from trials where number = 1",
        "update sweeps set planned = 2",
    ],
)
def test_the_audit_sees_every_change(change: str, home: Path) -> None:
    with closing(sqlite3.connect(home / "ledger.db")) as database:
        before = database.total_changes
        database.execute(change)
        assert database.total_changes > before
        database.commit()
    assert audit(["--home", str(home)]) == 1


def test_a_study_of_it_says_what_is_not_known(home: Path) -> None:
    found = study(read_sweep(home, "foreign"))
    assert found.imported
    assert found.one_split
    assert any("one score each" in sentence for sentence in found.caveats)
    assert found.metric.bounds is None  # its accuracy is in per cent
    assert found.metric.margin is None
    best, *_ = found.ranked
    assert best.tests == best.values == {0: 91.5, 1: 92.5}
    assert [arm.state for arm in found.trials] == ["complete", "failed", "complete", "failed"]
    assert best.label == "method=ours dec.lr=0.2"


def test_negative_control_an_accuracy_in_its_range_keeps_it(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("method,seed,accuracy,held\nours,0,0.9,0.8\ntheirs,0,1.0,0.7\n")
    words = [*WORDS[:7], "method", "--test", "held", "--source", str(path)]
    assert import_sweep(tmp_path, *words) == 0
    found = study(read_sweep(tmp_path, None))
    assert found.metric.bounds == (0, 1)
    assert not found.one_split
    assert found.caveats == []
    assert found.arms[0].tests == {0: 0.8}


def test_parts_of_it_and_two_of_them_are_read(home: Path) -> None:
    data = read_sweep(home, "foreign")
    assert where(data, ["method=theirs"]).trials["number"].to_pylist() == [2, 3]
    assert where(data, ["dec.lr=0.3", "method=ours"]).trials["number"].to_pylist() == [1]
    with pytest.raises(UserError, match="did you mean 'method'"):
        where(data, ["metod=ours"])
    with pytest.raises(UserError, match=r"its values are 0\.2, 0\.3"):
        where(data, ["dec.lr=0.25"])
    import_sweep(home, *WORDS, "--source", str(home / "foreign.csv"), "--name", "again")
    both = read_sweeps(home, ["foreign", "again"])
    assert study(both).imported
    assert both.trials["point.sweep"].to_pylist() == ["foreign"] * 4 + ["again"] * 4


@pytest.mark.parametrize("sweep", ["foreign", "odd"])
def test_its_report_is_written(sweep: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also one with names that nobody would choose."""
    path = home / "odd.csv"
    odd = "größe,variant,sweep,<b>,model.,seed,accuracy\n" + "".join(
        f"{m},base,s,{b},x,{s},{b + s / 10}\n"
        for m in ("ä", "ß")
        for b in (1, 2)
        for s in (0, 1, 2)
    )
    path.write_text(odd, encoding="utf-8")
    words = [*WORDS[:7], "größe", "variant", "sweep", "<b>", "model.", "--source", str(path)]
    assert import_sweep(home, *words) == 0
    capsys.readouterr()
    assert report(["--home", str(home), "--sweep", sweep]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    page = (home / "reports" / sweep / "index.html").read_text(encoding="utf-8")
    assert "<b>=" not in page
    assert "launch.py" not in page
    summary = json.loads((home / "reports" / sweep / "summary.json").read_text(encoding="utf-8"))
    assert wrong_of(summary) == []
    assert summary


@pytest.mark.parametrize("changes", [{}, {"model.order": 1}, {"model.mixer": "hyena"}])
def test_an_id_is_made_as_ours_are(changes: dict[str, Any]) -> None:
    config = TrialConfig().override(changes)
    assert config_hash(config.canonical()) == config.trial_id
