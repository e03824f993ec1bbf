"""A report on some of the trials: which ones, said how, and what is said of the others."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from analysis.reading.ledger import SweepData, read_sweep
from analysis.reading.study import study
from analysis.reading.where import where
from focus_core.config import TrialConfig
from focus_core.errors import UserError
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial

ORDERS = {"key": "model.order", "kind": "categorical", "choices": [1, 2]}


@pytest.fixture
def grid_data(tmp_path: Path, ledger: MakeHome, grid: MakeSweep) -> SweepData:
    return read_sweep(ledger(tmp_path, grid()), None)


def kept(data: SweepData) -> list[int]:
    numbers: list[int] = data.trials["number"].to_pylist()
    return numbers


def test_the_trials_are_those_that_plain_sql_finds(grid_data: SweepData, tmp_path: Path) -> None:
    found = where(grid_data, ["model.bin_length=16", "model.nfft_factor=2"])
    with sqlite3.connect(tmp_path / "ledger.db") as database:
        points = database.execute("select number, point from trials").fetchall()
    expected = [
        number
        for number, point in points
        if json.loads(point) == {"model.bin_length": 16, "model.nfft_factor": 2}
    ]
    assert kept(found) == expected
    assert set(found.curves["number"].to_pylist()) == set(expected)
    assert found.trials.schema == grid_data.trials.schema


def test_what_was_left_out_is_told(grid_data: SweepData) -> None:
    found = where(grid_data, ["model.bin_length=64"])
    assert found.restriction is not None
    assert sorted([*found.restriction.left_out, *kept(found)]) == list(range(12))
    assert found.restriction.sentence() == (
        "Only trials with model.bin_length=64: 3 of 12; "
        "left out: #3, #4, #5, #6, #7, #8, #9, #10, #11."
    )
    assert found.about["planned"] == 3
    assert study(found).restriction == found.restriction


def test_no_word_leaves_all_trials(grid_data: SweepData) -> None:
    assert where(grid_data, []) is grid_data


def test_a_fixed_setting_keeps_every_trial(grid_data: SweepData) -> None:
    found = where(grid_data, ["model.width=64"])
    assert len(kept(found)) == 12
    assert found.restriction is not None
    assert found.restriction.sentence().endswith("12 of 12; none was left out.")


def test_a_variant_is_found_by_name(tmp_path: Path, ledger: MakeHome, ablation: MakeSweep) -> None:
    data = read_sweep(ledger(tmp_path, ablation()), None)
    (row,) = where(data, ["variant=flash_transformer"]).trials.to_pylist()
    assert row["variant"] == "flash_transformer"


def test_a_number_is_found_however_it_is_written(
    tmp_path: Path, ledger: MakeHome, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    key = "train.learning_rate"
    trials = [trial_of(n, TrialConfig(), {key: rate}, [0.5]) for n, rate in enumerate([1e-3, 0.1])]
    axes = [{"key": key, "kind": "float", "low": 1e-3, "high": 0.1, "log": True}]
    data = read_sweep(ledger(tmp_path, sweep_of("s", "order", trials, axes=axes)), None)
    assert [kept(where(data, [f"{key}={word}"])) for word in ("0.001", "1e-3", ".1")] == [
        [0],
        [0],
        [1],
    ]


def test_an_option_that_no_axis_varies_has_its_value_where_it_has_an_effect(
    tmp_path: Path, ledger: MakeHome, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    """Also a default; a system that lacks the option has none."""
    base = TrialConfig()
    points = [
        {"model.short_conv": 0},
        {"model.short_conv": 4},
        {"model.mixer": "flash_transformer"},
    ]
    trials = [trial_of(n, base, point, [0.5]) for n, point in enumerate(points)]
    for trial in trials:
        trial.point = {}
    assert trials[0].config["model.short_conv"] == 0
    assert "model.short_conv" not in trials[2].config
    data = read_sweep(ledger(tmp_path, sweep_of("s", "order", trials)), None)
    assert kept(where(data, ["model.short_conv=0"])) == [0]
    assert kept(where(data, ["model.short_conv=4"])) == [1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model.order"], "must be KEY=VALUE"),
        (["model.ordr=2"], "did you mean 'model.order'?"),
        (["order=2"], "did you mean 'model.order'?"),
        (["model.order=two"], "model.order must be an integer"),
        (["model.order=7"], "no trial has 'model.order=7'; its values are 2"),
        (["model.order=2", "model.order=3"], "given twice"),
        (["model.bins=4"], "use model.bin_length"),
        (["model.state_size=64"], "it has no effect on any of them"),
        (["model.bin_length=64", "model.nfft=64", "model.nfft_factor=2"], "no trial has"),
    ],
)
def test_a_wrong_word_gets_one_line(words: list[str], said: str, grid_data: SweepData) -> None:
    with pytest.raises(UserError) as caught:
        where(grid_data, words)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_truth_is_no_number(
    tmp_path: Path, ledger: MakeHome, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    trials = [trial_of(n, TrialConfig(), {}, [0.5]) for n in range(3)]
    for trial, value in zip(trials, (True, 1, "True"), strict=True):
        trial.point = {"flag": value}
        trial.config = {"flag": value}
        trial.trial_id = str(value) + str(trial.number)
    axes = [{"key": "flag", "kind": "categorical", "choices": [True, 1, "True"]}]
    data = read_sweep(ledger(tmp_path, sweep_of("s", "imported", trials, axes=axes)), None)
    assert kept(where(data, ["flag=true"])) == [0]
    assert kept(where(data, ["flag=1"])) == [1]
    assert kept(where(data, ["flag=True"])) == [2]
    with pytest.raises(UserError, match="did you mean 'flag'"):
        where(data, ["flags=1"])
