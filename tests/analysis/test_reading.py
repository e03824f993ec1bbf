"""The ledger as columns: every number of it once, of one moment, with nothing changed."""

from __future__ import annotations

import json
import math
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from analysis.reading import curves, rows
from analysis.reading.arms import Arm, arms
from analysis.reading.curves import CURVES_SCHEMA, CurvesBuilder, Report
from analysis.reading.ledger import read_sweep
from analysis.reading.tuned import tune
from sweeps.machine import read_only
from tests.analysis.makers import MakeHome, MakeSweep


def plain_rows(path: Path) -> list[tuple[Any, ...]]:
    """The oracle: the same by a loop over what sqlite3 returns."""
    query = (
        "select number, trial_id, reports.step, metrics from reports "
        "join trials on trials.id = trial_row order by number, reports.step"
    )
    with closing(sqlite3.connect(path)) as database:
        found = database.execute(query).fetchall()
    expected = []
    for number, trial_id, step, metrics in found:
        for name, amount in json.loads(metrics).items():
            metric, slash, seed = name.rpartition("/")
            of_seed = bool(slash) and seed.isdigit()
            key = (metric, int(seed)) if of_seed else (name, None)
            if amount is not None:
                expected.append((number, trial_id, step, *key, float(amount)))
    return expected


def as_rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize(("at_once", "pending"), [(1, 0), (5, 100), (200, 10**6)])
def test_every_number_is_there_once_and_in_order(  # noqa: PLR0917
    at_once: int,
    pending: int,
    tmp_path: Path,
    ledger: MakeHome,
    ablation: MakeSweep,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rows, "AT_ONCE", at_once)
    monkeypatch.setattr(curves, "MOST_PENDING", pending)
    data = read_sweep(ledger(tmp_path, ablation()), None)
    assert as_rows(data.curves) == plain_rows(tmp_path / "ledger.db")
    assert data.trials["number"].to_pylist() == list(range(10))
    seeds = [len(replicates) for replicates in data.trials["replicates"].to_pylist()]
    assert seeds == [6] * 10


def test_rows_of_other_sweeps_are_not_read(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    """Their rows lie in between."""
    first, second = grid("first"), grid("second")
    for trial in second.trials:
        trial.trial_id = trial.trial_id[::-1]
    home = ledger(tmp_path, first, second)
    data = read_sweep(home, "second")
    ids = data.trials["trial_id"].to_pylist()
    assert len(ids) == 12
    assert set(data.curves["trial_id"].to_pylist()) == set(ids)


def built(*reports: dict[str, Any]) -> tuple[dict[str, Any], pa.Table]:
    builder = CurvesBuilder()
    said = [Report(step, json.dumps(report)) for step, report in enumerate(reports)]
    return builder.add(0, "t", said), builder.table()


def test_what_was_not_finite_is_no_point_of_a_curve_but_no_seed_hides_it() -> None:
    """The ledger keeps a NaN as null."""
    constants, table = built(
        {"leak": 0.1, "leak/0": 0.3, "pole_radius_max/1": None, "value/0": 0.5},
        {"leak": 0.2, "pole_radius_max/1": 0.9, "value/0": None},
    )
    assert constants["leak"] == 0.3
    assert math.isnan(constants["pole_radius_max"])
    points = [row[2:] for row in as_rows(table)]
    assert (0, "value", 0, 0.5) in points
    assert len(points) == 5


def test_numbers_that_are_not_finite_stay_as_they_are() -> None:
    """Another writer may keep them as Python does."""
    _, table = built({"value/0": math.inf, "value/1": math.nan, "step": 3})
    assert table["amount"].to_pylist()[0] == math.inf
    assert math.isnan(table["amount"].to_pylist()[1])
    assert table.num_rows == 2


def test_a_name_with_a_slash_and_no_seed_is_of_the_whole_trial() -> None:
    _, table = built({"a/b": 1.0, "a/b/2": 2.0, "/3": 3.0, "a/²": 4.0})
    assert [(row[3], row[4]) for row in as_rows(table)] == [
        ("a/b", None),
        ("a/b", 2),
        ("/3", None),
        ("a/²", None),
    ]


def test_words_are_kept_once_and_found_as_words(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    data = read_sweep(ledger(tmp_path, grid()), None)
    assert data.curves.schema.equals(CURVES_SCHEMA)
    assert pa.types.is_dictionary(CURVES_SCHEMA.field("metric").type)
    values = data.curves.filter(pc.equal(data.curves["metric"], "value"))
    assert set(values["metric"].to_pylist()) == {"value"}
    wanted = pa.array(["value", "leak"])
    both = data.curves.filter(pc.is_in(data.curves["metric"].cast(pa.string()), wanted))
    assert set(both["metric"].to_pylist()) == {"value", "leak"}


def test_all_of_it_is_of_one_moment(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep goes on writing while its report is made."""
    home = ledger(tmp_path, grid())
    with closing(sqlite3.connect(home / "ledger.db")) as writer:
        writer.execute("pragma journal_mode=wal")
        before = as_rows(read_sweep(home, None).curves)
        asked: list[Any] = []

        def write_first(*args: Any) -> Any:
            if not asked:
                writer.execute("delete from reports where step > 100")
                writer.execute("update trials set state = 'failed'")
                writer.commit()
            asked.append(args)
            return reports(*args)

        reports = rows._reports
        monkeypatch.setattr(rows, "_reports", write_first)
        monkeypatch.setattr(rows, "AT_ONCE", 3)
        data = read_sweep(home, None)
        assert len(asked) == 4
        assert as_rows(data.curves) == before
        assert set(data.trials["state"].to_pylist()) == {"complete"}
        after = read_sweep(home, None)
    assert len(as_rows(after.curves)) < len(before)  # negative control: it was written
    assert set(after.trials["state"].to_pylist()) == {"failed"}


# Its cache is a page, so what it has begun is in the file when it ends, and in the journal beside.
ENDS_IN_A_TRANSACTION = """
import os, sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("pragma cache_size=1")
database.execute("begin")
database.execute("update reports set metrics = metrics || printf('%.900c', ' ')")
database.execute("update trials set state = 'failed'")
os._exit(0)
"""


def test_a_ledger_whose_writer_was_killed_in_a_transaction_is_read(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    path = ledger(tmp_path, grid()) / "ledger.db"
    before = as_rows(read_sweep(tmp_path, None).trials)
    subprocess.run([sys.executable, "-c", ENDS_IN_A_TRANSACTION, str(path)], check=True)
    assert path.with_name("ledger.db-journal").stat().st_size > 0
    with (
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database,
        pytest.raises(sqlite3.OperationalError, match="readonly"),  # negative control
    ):
        database.execute("select * from trials")
    assert as_rows(read_sweep(tmp_path, None).trials) == before


@pytest.mark.parametrize("killed", [False, True])
def test_what_is_opened_to_read_cannot_be_written(
    killed: bool, tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    path = ledger(tmp_path, grid()) / "ledger.db"
    if killed:
        subprocess.run([sys.executable, "-c", ENDS_IN_A_TRANSACTION, str(path)], check=True)
    with (
        closing(read_only.connect(path)) as database,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        database.execute("delete from reports")


def test_finding_a_trial_compares_no_trials(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep
) -> None:
    """Of 10,000 trials a comparison of each with each takes minutes."""
    data = read_sweep(ledger(tmp_path, grid()), None)
    one, other = (arms(data.trials, data.about["axes"])[0] for _ in range(2))
    assert one == one  # noqa: PLR0124
    assert one != other
    assert one in {one}


def test_how_many_were_tried_is_counted_once_an_arm(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = read_sweep(ledger(tmp_path, grid()), None)
    axes = [axis | {"tuned": True} for axis in data.about["axes"]]
    found = arms(data.trials, axes)
    asked: list[int] = []

    class Counted(Arm):
        @property
        def ranked(self) -> bool:
            asked.append(self.number)
            return bool(super().ranked)

    for arm in found:
        object.__setattr__(arm, "__class__", Counted)
    tuned = tune(found, axes, maximize=True)
    assert tuned.tried == dict.fromkeys(range(12), 12)
    assert len(asked) == 2 * 12  # once to choose, once to count
