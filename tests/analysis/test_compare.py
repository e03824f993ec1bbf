"""Several sweeps side by side: one table, told apart by sweep, or one line why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from analysis.findings.commands import train_again
from analysis.reading.compare import own_sweep, read_sweeps
from analysis.reading.curves import CURVES_SCHEMA
from analysis.reading.ledger import read_sweep
from analysis.reading.study import study
from analysis.reading.tables import trials_schema
from analysis.reading.where import where
from focus_core.config import TrialConfig
from focus_core.errors import UserError
from tests.analysis.makers import MakeHome, MakeSweep, MakeTrial

Make = Callable[..., Any]
ORDERS = [{"key": "model.order", "kind": "categorical", "choices": [1, 2]}]
RATES = [{"key": "train.learning_rate", "kind": "float", "low": 1e-3, "high": 1e-2, "log": True}]


@pytest.fixture
def orders(sweep_of: MakeSweep, trial_of: MakeTrial) -> Callable[..., Any]:
    """Two trials of three seeds: orders 1 and 2."""

    def build(name: str, add: float = 0.0, **about: Any) -> Any:
        base = about.pop("start", TrialConfig())
        scores = [[0.5 + add, 0.6 + add, 0.7 + add], [0.55 + add, 0.6 + add, 0.8 + add]]
        trials = [
            trial_of(n, base, {"model.order": n + 1}, seeds) for n, seeds in enumerate(scores)
        ]
        about = {"axes": ORDERS, "base": base.canonical()} | about
        return sweep_of(name, "order", trials, **about)

    return build


def test_the_union_has_the_trials_of_both(tmp_path: Path, ledger: MakeHome, orders: Make) -> None:
    """The oracle is each sweep, read alone."""
    home = ledger(tmp_path, orders("before"), orders("after", 0.1))
    both = read_sweeps(home, ["before", "after"])
    alone = [read_sweep(home, name) for name in ("before", "after")]
    assert both.trials["number"].to_pylist() == [0, 1, 2, 3]
    assert both.trials["point.sweep"].to_pylist() == ["before"] * 2 + ["after"] * 2
    for name in ("trial_id", "replicates", "value", "test", "config", "point.model.order"):
        apart = [value for data in alone for value in data.trials[name].to_pylist()]
        assert both.trials[name].to_pylist() == apart
    for name in ("trial_id", "step", "metric", "seed", "amount"):
        apart = [value for data in alone for value in data.curves[name].to_pylist()]
        assert both.curves[name].to_pylist() == apart
    numbers = both.curves["number"].to_pylist()
    rows = alone[0].curves.num_rows
    assert set(numbers[:rows]) == {0, 1}
    assert set(numbers[rows:]) == {2, 3}


def test_the_schemas_are_those_of_one_sweep(tmp_path: Path, ledger: MakeHome, orders: Make) -> None:
    both = read_sweeps(ledger(tmp_path, orders("a"), orders("b")), ["a", "b"])
    assert both.trials.schema.equals(trials_schema(both.about["axes"]))
    assert both.curves.schema.equals(CURVES_SCHEMA)
    pq.write_table(both.curves, tmp_path / "c.parquet")
    assert pq.read_table(tmp_path / "c.parquet").equals(both.curves)


def test_seeds_that_two_sweeps_share_are_paired(
    tmp_path: Path, ledger: MakeHome, orders: Make
) -> None:
    found = study(read_sweeps(ledger(tmp_path, orders("a"), orders("b", 0.1)), ["a", "b"]))
    assert [arm.label for arm in found.arms] == [
        "sweep=a order=1",
        "sweep=a order=2",
        "sweep=b order=1",
        "sweep=b order=2",
    ]
    one, other = (found.arms[n].scores("test") for n in (0, 2))
    assert [round(other[seed] - one[seed], 6) for seed in one] == [0.1] * 3


def test_the_first_sweeps_base_is_the_reference(
    tmp_path: Path, ledger: MakeHome, orders: Make
) -> None:
    other = TrialConfig().override({"model.width": 32})
    home = ledger(tmp_path, orders("a"), orders("b", start=other))
    for names, width in ((["a", "b"], 64), (["b", "a"], 32)):
        found = study(read_sweeps(home, names))
        assert found.reference is not None
        assert found.reference.config["model.width"] == width
        assert found.reference_why == "the sweep's base"


def test_a_trial_stands_where_its_config_is_on_the_others_axis(
    tmp_path: Path, ledger: MakeHome, orders: Make, sweep_of: MakeSweep, trial_of: MakeTrial
) -> None:
    trials = [trial_of(0, TrialConfig(), {"train.learning_rate": 0.02}, [0.5] * 3)]
    rates = sweep_of("rates", "focus", trials, axes=RATES)
    both = read_sweeps(ledger(tmp_path, orders("a"), rates), ["a", "rates"])
    axes = {axis["key"]: axis for axis in both.about["axes"]}
    assert axes["sweep"]["choices"] == ["a", "rates"]
    assert axes["model.order"]["choices"] == [1, 2]
    assert (axes["train.learning_rate"]["low"], axes["train.learning_rate"]["high"]) == (1e-3, 0.02)
    assert both.trials["point.model.order"].to_pylist() == [1, 2, 2]
    usual = TrialConfig().train.learning_rate
    assert both.trials["point.train.learning_rate"].to_pylist() == [usual, usual, 0.02]


def test_a_command_is_of_the_sweep_that_a_trial_is_of(
    tmp_path: Path, ledger: MakeHome, orders: Make
) -> None:
    given = {"set": {"model.width": 32}}
    home = ledger(tmp_path, orders("a"), orders("b", given=given, seeds=5))
    found = study(read_sweeps(home, ["a", "b"]))
    about, point = own_sweep(found.about, found.arms[3].point)
    assert (about["name"], point) == ("b", {"model.order": 2})
    words = train_again(found.arms[3], found.about)
    assert "--seeds 5" in words
    assert "model.width=32" in words
    assert "sweep=" not in words


def test_one_sweep_of_them_can_be_asked_for(tmp_path: Path, ledger: MakeHome, orders: Make) -> None:
    both = read_sweeps(ledger(tmp_path, orders("a"), orders("b")), ["a", "b"])
    assert where(both, ["sweep=b"]).trials["number"].to_pylist() == [2, 3]


@pytest.mark.parametrize(
    ("names", "changes", "said"),
    [
        (["a"], {}, "needs two sweeps or more"),
        (["a", "a"], {}, "names 'a' twice"),
        (["a", "bb"], {}, "did you mean 'b'"),
        (["a", "b"], {"metric": "loss"}, "metric is 'accuracy' and 'loss'"),
        (["a", "b"], {"direction": "minimize"}, "direction is 'maximize' and 'minimize'"),
        (["a", "b"], {"length": 128}, "task.length is 64 and 128"),
    ],
)
def test_what_cannot_be_compared_gets_one_line(  # noqa: PLR0917
    names: list[str],
    changes: dict[str, Any],
    said: str,
    tmp_path: Path,
    ledger: MakeHome,
    orders: Make,
) -> None:
    start = TrialConfig().override({"task.length": changes.pop("length", 64)})
    home = ledger(tmp_path, orders("a"), orders("b", start=start, **changes))
    with pytest.raises(UserError) as caught:
        read_sweeps(home, names)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_tasks_that_are_an_axis_may_differ(tmp_path: Path, ledger: MakeHome, orders: Make) -> None:
    axes = [{"key": "task.length", "kind": "categorical", "choices": [64, 128]}]
    longer = TrialConfig().override({"task.length": 128})
    home = ledger(tmp_path, orders("a", axes=axes), orders("b", start=longer))
    both = read_sweeps(home, ["a", "b"])
    assert both.trials["point.task.length"].to_pylist() == [64, 64, 128, 128]
    assert json.loads(both.trials["point"].to_pylist()[3])["task.length"] == 128
