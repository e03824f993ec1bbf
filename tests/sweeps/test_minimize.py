"""A score of which less is better, from the launcher to the report."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import search_spaces
from analysis import report
from sweeps import launch
from sweeps.driving.driver import Driver
from sweeps.driving.study import Direction, Study
from sweeps.record.ledger import Ledger
from tests.analysis.summary_types import wrong_of
from tests.sweeps.audited_home import blank_home  # noqa: F401  fixtures
from tests.sweeps.conftest import CONTINUOUS, add_sweep, train
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

SPACE = """
from search_spaces.bases import language
from search_spaces.space import Space, choices
def base():
    return language("pydoc_text", width=8, layers=1).override({
        "task.length": 64, "task.eval_sequences": 8, "task.test_sequences": 8,
        "train.steps": 20, "train.eval_every": 10, "train.warmup_steps": 1})
SPACE = Space(question="?", base=base, axes=(choices("train.learning_rate", 1e-2, 1e-7),), seeds=2,
              trials=None, sampler="grid", pruner=None)
"""


def test_the_trial_that_learned_is_the_best(
    tmp_path: Path,
    blank_home: Path,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "spaces").mkdir()
    (tmp_path / "spaces" / "bits.py").write_text(SPACE)
    monkeypatch.setattr(
        search_spaces, "__path__", [*search_spaces.__path__, str(tmp_path / "spaces")]
    )
    home = blank_home
    assert launch.main(["--space", "bits", "--local", "--home", str(home)]) == 0
    said = capsys.readouterr()
    assert "bits per byte on validation" in said.out
    with closing(sqlite3.connect(home / "ledger.db")) as ledger:
        assert ledger.execute("SELECT metric, direction FROM sweeps").fetchall() == [
            ("bits per byte", "minimize")
        ]
        learned, still = (v for (v,) in ledger.execute("SELECT value FROM trials ORDER BY number"))
        last = json.loads(ledger.execute("SELECT metrics FROM reports").fetchall()[-1][0])
    assert learned < still - 0.5
    assert {"sliding", "future_masked", "future_seen", "text_bytes", "prefix"} <= last.keys()
    assert report.main(["--home", str(home)]) == 0
    summary = json.loads((home / "reports" / "bits" / "summary.json").read_text())
    assert wrong_of(summary) == []
    assert summary["metric"]["direction"] == "minimize"
    trials = (home / "reports" / "bits" / "tables" / "trials.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in trials] == ["learning_rate", "0.01", "1e-07"]


def history(folder: Path, direction: Direction, sign: int) -> list[tuple[dict[str, float], str]]:
    """Point and state of every trial of a sweep whose score is ``sign`` times the same."""
    ledger = Ledger(f"sqlite:///{folder / f'{direction}{sign}.db'}")
    sweep = add_sweep(ledger, CONTINUOUS, direction=direction)
    study = Study(CONTINUOUS, sampler="tpe", seed=0, direction=direction, warmup=1)
    base = CONTINUOUS.base()
    driver = Driver(ledger, sweep, study, lambda point: CONTINUOUS.configure(point, base))
    train(driver, lambda config, seed, step: sign * abs(config["train.learning_rate"] - 0.01))
    found = [(trial.point, trial.state) for trial in ledger.trials(sweep)]
    ledger.close()
    return found


def test_minimizing_a_score_is_maximizing_its_negative(tmp_path: Path) -> None:
    """The same points proposed, and the same trials pruned."""
    down = history(tmp_path, "minimize", 1)
    assert down == history(tmp_path, "maximize", -1)
    assert {state for _, state in down} == {"complete", "pruned"}
    assert down != history(tmp_path, "maximize", 1)  # control
