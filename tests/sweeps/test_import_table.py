"""A CSV or Parquet file with its columns named: what was in it is in the ledger."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from sweeps.audit import main as audit
from tests.importing import by_trial, import_sweep, rows

NAMED = ["--from", "table", "--metric", "acc", "--direction", "maximize"]
PARAMETERS = ["--parameters", "method", "lr"]


def table() -> dict[str, list[Any]]:
    """Two methods at three rates, three seeds each."""
    points = [(m, lr, s) for m in ("ours", "theirs") for lr in (1e-3, 1e-2, 1e-1) for s in range(3)]
    return {
        "method": [method for method, _, _ in points],
        "lr": [rate for _, rate, _ in points],
        "seed": [seed for _, _, seed in points],
        "acc": [0.5 + 0.1 * (m == "ours") + lr + 0.01 * s for m, lr, s in points],
        "held_out": [0.4 + 0.1 * (m == "ours") + lr + 0.01 * s for m, lr, s in points],
        "note": ["x"] * len(points),
    }


def write(path: Path, columns: dict[str, list[Any]]) -> Path:
    made = pa.table(columns)
    if path.suffix == ".csv":
        csv.write_csv(made, path)
    else:
        parquet.write_table(made, path)
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_table_comes_back_as_it_was(kind: str, tmp_path: Path) -> None:
    """The oracle is pandas, on the same file."""
    path = write(tmp_path / f"runs.{kind}", table())
    frame = pd.read_csv(path) if kind == "csv" else pd.read_parquet(path)
    words = ["--source", str(path), "--test", "held_out", *PARAMETERS]
    assert import_sweep(tmp_path, *NAMED, *words) == 0
    means = frame.groupby(["method", "lr"], sort=False)[["acc", "held_out"]].mean()
    trials = by_trial(tmp_path)
    assert [(t["config"]["method"], t["config"]["lr"]) for t in trials] == list(means.index)
    for name, column in (("value", "acc"), ("test", "held_out")):
        assert [t[name] for t in trials] == pytest.approx(means[column].tolist(), abs=1e-12)
        own = [seed[name] for t in trials for seed in t["seeds"].values()]
        assert own == frame[column].tolist()
    (sweep,) = rows(tmp_path, "sweeps")
    assert (sweep["name"], sweep["seeds"], sweep["sampler"]) == ("runs", 3, "grid")
    assert sweep["axes"] == [
        {"key": "method", "kind": "categorical", "choices": ["ours", "theirs"]},
        {"key": "lr", "kind": "categorical", "choices": [1e-3, 1e-2, 1e-1]},
    ]
    assert audit(["--home", str(tmp_path)]) == 0


def test_reports_of_a_run_are_its_curve(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        "lr": [0.1] * 4 + [0.2] * 2,
        "seed": [0, 0, 1, 1, 0, 0],
        "epoch": [2, 1, 1, 2, 1, 2],
    }
    columns["acc"] = [0.6, 0.5, 0.3, 0.4, 0.7, 0.8]
    columns["status"] = ["done", "running", "done", "DONE", "", "Stopped"]
    path = write(tmp_path / "runs.csv", columns)
    words = ["--source", str(path), "--parameters", "lr", "--step", "epoch", "--state", "status"]
    assert import_sweep(tmp_path, *NAMED, *words) == 0
    one, other = by_trial(tmp_path)
    assert (one["state"], other["state"]) == ("complete", "pruned")
    curves = [(r["step"], r["metrics"]) for r in one["reports"]]
    assert curves == [(1, {"value/0": 0.5, "value/1": 0.3}), (2, {"value/0": 0.6, "value/1": 0.4})]
    assert [r["value"] for r in one["reports"]] == [0.4, 0.5]
    assert (one["value"], other["value"]) == (0.5, 0.8)


def test_a_score_that_is_no_number_is_a_seed_that_diverged(tmp_path: Path) -> None:
    """It is never averaged away; an empty cell is a run without a score."""
    columns: dict[str, list[Any]] = {"lr": [0.1, 0.1, 0.2, 0.2, 0.3], "seed": [0, 1, 0, 1, 0]}
    path = write(tmp_path / "r.parquet", columns | {"acc": [math.nan, 0.5, math.inf, 0.5, None]})
    assert import_sweep(tmp_path, *NAMED, "--source", str(path), "--parameters", "lr") == 0
    trials = by_trial(tmp_path)
    assert [t["state"] for t in trials] == ["failed"] * 3
    assert [t["value"] for t in trials] == [None] * 3
    assert [t["seeds"][0]["state"] for t in trials] == ["diverged", "diverged", "failed"]
    assert trials[0]["reason"] == "diverged: 1 of 2 seeds, the first at step 1"
    assert trials[2]["reason"] == "failed: no score"
    assert audit(["--home", str(tmp_path)]) == 0


def test_repeats_without_a_seed_are_numbered_and_it_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "r.csv", {"lr": [0.1, 0.2, 0.1], "acc": [0.5, 0.6, 0.7]})
    assert import_sweep(tmp_path, *NAMED, "--source", str(path), "--parameters", "lr") == 0
    assert [sorted(t["seeds"]) for t in by_trial(tmp_path)] == [[0, 1], [0]]
    assert "shares nothing" in capsys.readouterr().out
    assert "shares nothing" in rows(tmp_path, "sweeps")[0]["diff"]


def test_a_run_that_failed_and_was_tried_again_counts_once(tmp_path: Path) -> None:
    columns: dict[str, list[Any]] = {
        "lr": [0.1, 0.1, 0.2],
        "seed": [0, 0, 0],
        "acc": [None, 0.5, 0.6],
    }
    path = write(tmp_path / "r.parquet", columns | {"how": ["crashed", "done", "done"]})
    words = ["--source", str(path), "--parameters", "lr", "--state", "how"]
    assert import_sweep(tmp_path, *NAMED, *words) == 0
    assert [(t["state"], t["retries"]) for t in by_trial(tmp_path)] == [
        ("complete", 1),
        ("complete", 0),
    ]


def test_tuned_parameters_and_the_question_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", table())
    words = ["--source", str(path), *PARAMETERS, "--tuned", "lr", "--question", "Who wins?"]
    assert import_sweep(tmp_path, *NAMED, *words, "--name", "duel") == 0
    (sweep,) = rows(tmp_path, "sweeps")
    assert (sweep["name"], sweep["question"]) == ("duel", "Who wins?")
    assert [axis.get("tuned", False) for axis in sweep["axes"]] == [False, True]
    assert sweep["command"].startswith("python -m sweeps.importer --from table --metric acc")


@pytest.mark.parametrize(
    ("changes", "words", "said"),
    [
        ({}, ["--metric", "ac"], "--metric 'ac': no such column; did you mean 'acc'?"),
        ({}, ["--metric", "note"], "row 1: note is 'x', not a number"),
        ({}, ["--test", "heldout"], "did you mean 'held_out'"),
        ({}, ["--seed", "sead"], "did you mean 'seed'"),
        ({}, ["--seed", "acc"], "a seed is a whole number from 0"),
        ({"seed": [-1] * 18}, [], "a seed is a whole number from 0"),
        ({"seed": ["a"] * 18}, [], "row 1: 'seed' is 'a'"),
        ({"seed": [0] * 18}, [], "row 1 and row 2 have the same seed 0"),
        ({}, ["--state", "note"], "row 1: note is 'x'; the states are complete, pruned"),
        ({}, ["--step", "note"], "row 1: note is 'x', not a step"),
        ({"epoch": [1] * 18, "seed": [0] * 18}, ["--step", "epoch"], "the same run at the same"),
        ({}, ["--parameters", "methods"], "did you mean 'method'"),
        ({}, ["--direction", "up"], "must be one of maximize, minimize"),
        ({}, ["--source", "nowhere.csv"], "no file at nowhere.csv"),
        ({}, ["--source", __file__], "cannot read"),
    ],
)
def test_bad_input_gets_one_line(
    changes: dict[str, list[Any]],
    words: list[str],
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = write(tmp_path / "r.csv", table() | changes)
    given = ["--from", "table", *words]
    usual = {"--source": [str(path)], "--metric": ["acc"], "--direction": ["maximize"]}
    usual["--parameters"] = PARAMETERS[1:]
    for flag, values in usual.items():
        given += [] if flag in words else [flag, *values]
    assert import_sweep(tmp_path, *given) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "ledger.db").exists() or rows(tmp_path, "sweeps") == []


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("--metric", "which column is the score? choose one of method, lr"),
        ("--parameters", "which columns are parameters?"),
        ("--direction", "add --direction maximize or --direction minimize"),
        ("--source", "--source is missing"),
        ("--from", "--from is missing"),
    ],
)
def test_what_nobody_says_is_asked_for(
    missing: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"--from": "table", "--source": str(write(tmp_path / "r.csv", table()))}
    words |= {"--metric": "acc", "--direction": "maximize", "--parameters": "lr"}
    given = [word for pair in words.items() if pair[0] != missing for word in pair]
    assert import_sweep(tmp_path, *given) == 2
    assert said in capsys.readouterr().err
