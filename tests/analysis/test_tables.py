"""From the ledger to Arrow and Parquet and back, with nothing changed and nothing written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from analysis.reading.curves import CURVES_SCHEMA
from analysis.reading.ledger import read_sweep
from analysis.reading.tables import trials_schema
from focus_core.errors import UserError
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial


def test_the_schema_is_explicit_and_survives_parquet(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    data = read_sweep(ledger(tmp_path, grid()), None)
    assert data.trials.schema.equals(trials_schema(data.about["axes"]))
    assert data.trials.schema.field("point.model.bin_length").type == pa.int64()
    assert data.curves.schema.equals(CURVES_SCHEMA)
    for table in (data.trials, data.curves):
        pq.write_table(table, tmp_path / "t.parquet")
        back = pq.read_table(tmp_path / "t.parquet")
        assert back.schema.equals(table.schema)
        assert back.equals(table)


def test_an_empty_sweep_has_the_same_columns(
    tmp_path: Path, ledger: MakeHome, sweep_of: MakeSweep
) -> None:
    data = read_sweep(ledger(tmp_path, sweep_of("none", "order", [])), None)
    assert data.trials.num_rows == data.curves.num_rows == 0
    assert data.trials.schema.equals(trials_schema([]))


def test_rows_are_the_ledgers(tmp_path: Path, ledger: MakeHome, ablation: MakeSweep) -> None:
    """The oracle is plain SQL on the same file."""
    data = read_sweep(ledger(tmp_path, ablation()), None)
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.connect() as connection:
        trials = connection.execute(
            sa.text("select trial_id, state, value, test, step from trials order by number")
        ).all()
        points = connection.execute(sa.text("select metrics from reports")).scalars().all()
    engine.dispose()
    columns = ("trial_id", "state", "value", "test", "step")
    assert [tuple(row[c] for c in columns) for row in data.trials.to_pylist()] == [
        tuple(row) for row in trials
    ]
    assert data.curves.num_rows == sum(len(json.loads(metrics)) for metrics in points)


def test_curves_are_split_by_seed(tmp_path: Path, ledger: MakeHome, grid: MakeSweep) -> None:
    data = read_sweep(ledger(tmp_path, grid()), None)
    rows = [r for r in data.curves.to_pylist() if r["number"] == 4 and r["step"] == 400]
    assert {r["seed"] for r in rows if r["metric"] == "value"} == {0, 1, 2}
    assert {r["seed"] for r in rows if r["metric"] == "leak"} == {None}


@pytest.mark.parametrize(
    ("axis", "kind"),
    [
        ({"kind": "categorical", "choices": [1, 2]}, pa.int64()),
        ({"kind": "categorical", "choices": [1, 0.5]}, pa.float64()),
        ({"kind": "categorical", "choices": [True, False]}, pa.bool_()),
        ({"kind": "categorical", "choices": ["a", None]}, pa.string()),
        ({"kind": "int", "low": 1, "high": 8}, pa.int64()),
        ({"kind": "float", "low": 0.1, "high": 1.0, "log": True}, pa.float64()),
    ],
)
def test_an_axis_has_the_type_of_its_values(axis: dict[str, Any], kind: pa.DataType) -> None:
    assert trials_schema([{"key": "k", **axis}]).field("point.k").type == kind


def test_the_last_touched_sweep_is_the_default(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, ablation: MakeSweep
) -> None:
    old, new = grid("old"), ablation("new")
    for report in old.trials[0].reports:
        report.at = report.at.replace(year=2031)  # the older sweep was gone on with
    ledger(tmp_path, old, new)
    assert read_sweep(tmp_path, None).about["name"] == "old"
    assert read_sweep(tmp_path, "new").about["name"] == "new"


def test_a_sweep_without_trials_is_not_the_latest(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, sweep_of: MakeSweep
) -> None:
    later = sweep_of("empty", "order", [], finished=None)
    later.created = later.created.replace(year=2031)
    ledger(tmp_path, grid("old"), later)
    assert read_sweep(tmp_path, None).about["name"] == "old"
    assert read_sweep(tmp_path, "empty").about["name"] == "empty"


def test_the_worst_seed_counts(
    tmp_path: Path, ledger: MakeHome, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    """A diverged seed leaves no merged number; what the others measured still stands."""
    from focus_core.config import TrialConfig

    trial = trial_of(0, TrialConfig(), {"model.order": 2}, [0.5, 0.6, 0.7])
    trial.reports[2].metrics = trial.reports[2].metrics | {
        "pole_radius_max/1": 1.3,
        "leak/2": 0.4,
        "peak_bytes": 9e9,
    }
    axes = [{"key": "model.order", "kind": "categorical", "choices": [1, 2]}]
    data = read_sweep(ledger(tmp_path, sweep_of("s", "order", [trial], axes=axes)), None)
    (row,) = data.trials.to_pylist()
    assert (row["pole_radius_max"], row["leak"], row["peak_bytes"]) == (1.3, 0.4, 9e9)


def test_reading_leaves_the_ledger_as_it_was(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    ledger(tmp_path, grid())
    before = (tmp_path / "ledger.db").read_bytes()
    read_sweep(tmp_path, None)
    assert (tmp_path / "ledger.db").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["ledger.db"]


def test_another_schema_version_is_refused(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    ledger(tmp_path, grid())
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'ledger.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("update schema_info set version = 99"))
    engine.dispose()
    with pytest.raises(UserError, match="schema version 99"):
        read_sweep(tmp_path, None)


def test_a_conditional_axis_may_be_absent(
    tmp_path: Path, ledger: MakeHome, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    from focus_core.config import TrialConfig

    axes = [
        {"key": "model.carry", "kind": "categorical", "choices": [False, True]},
        {"key": "model.oversampling", "kind": "categorical", "choices": [1, 4]},
    ]
    trials = [
        trial_of(0, TrialConfig(), {"model.carry": True}, [0.5, 0.6, 0.7]),
        trial_of(1, TrialConfig(), {"model.oversampling": 1}, [0.5, 0.6, 0.7]),
    ]
    data = read_sweep(ledger(tmp_path, sweep_of("s", "focus", trials, axes=axes)), None)
    assert data.trials["point.model.carry"].to_pylist() == [True, None]
    assert data.trials["point.model.oversampling"].to_pylist() == [None, 1]
