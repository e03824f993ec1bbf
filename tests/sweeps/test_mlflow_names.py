"""Under which names MLflow shows a trial, and what becomes of runs with the names of before."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
from scipy import stats

from focus_core.config import TrialConfig
from sweeps import audit
from sweeps.record.schema import Report, Trial
from sweeps.showing.tracking.points import report_numbers, seed_interval
from sweeps.showing.tracking.run_fields import trial_params
from sweeps.showing.tracking.views import MAX_VIEW, view_tag
from tests.sweeps import audited_home as of
from tests.sweeps.audited_home import (  # noqa: F401  fixtures
    blank_home,
    finished_home,
    home,
)
from tests.sweeps.listener_rows import ended, make_report, make_sweep, make_trial
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  a fixture
from tests.sweeps.mlflow_people import Person, relaunch, wrong

SEEDS = (0.5, 0.75, 0.7)
PROBES = ("leak", "pole_radius_max", "effective_memory")


def last_report(trial: Trial, seeds: Sequence[float] = SEEDS) -> Report:
    """As a worker says it: numbers of each seed, of each layer, over all seeds."""
    said = {"seconds_per_step": 0.2, "peak_bytes": 1e8, "parameters": 9e4, "chance": 0.25}
    said |= {"flops_per_token": 2e5, "decoder_bytes": 4e3}
    for seed, score in enumerate(seeds):
        said |= {f"value/{seed}": score, f"test/{seed}": score / 2, f"loss/{seed}": 1.5}
        said |= {
            f"train_loss/{seed}": 1.0 + seed,
            f"pole_radius_max.layer1/{seed}": 0.9 + seed / 99,
        }
        said |= {f"{name}/{seed}": 0.1 * seed for name in PROBES}
    said |= dict.fromkeys(PROBES, 0.2) | {"test": sum(seeds) / len(seeds) / 2}
    report = make_report(trial, trial.steps, value=sum(seeds) / len(seeds))
    report.metrics = said
    return report


def test_a_dozen_at_the_top_and_the_rest_in_groups(mlflow: Mlflow) -> None:
    sweep, trial = make_sweep(seeds=3), ended(value=0.65, test=0.325)
    mlflow.runs_of(sweep).mirror(sweep, trial, [last_report(trial)])
    shown = dict(mlflow.sql("select key, value from latest_metrics"))
    top = {key: value for key, value in shown.items() if "/" not in key}
    assert len(top) <= 12
    assert top["validation_accuracy"] == pytest.approx(0.65)
    assert top["test_accuracy"] == pytest.approx(0.325)
    assert top["train_loss"] == pytest.approx(2.0)
    assert {"leak", "parameters", "seconds_per_step", "peak_bytes"} <= top.keys()
    low, high = stats.t.interval(0.95, 2, loc=0.65, scale=stats.sem(SEEDS))
    assert top["validation_accuracy_low"] == pytest.approx(low)
    assert top["validation_accuracy_high"] == pytest.approx(min(1.0, high))
    assert (shown["seed/1/validation_accuracy"], shown["seed/1/test_accuracy"]) == (0.75, 0.375)
    assert shown["layer/pole_radius_max_1"] == pytest.approx(0.9 + 2 / 99)  # the largest, as ever
    assert {key.partition("/")[0] for key in shown if "/" in key} == {
        *("layer", "probe", "seed", "trial")
    }


def test_a_metric_that_is_no_accuracy_keeps_its_name() -> None:
    sweep, trial = make_sweep(metric="bits per byte", direction="minimize"), make_trial()
    numbers = report_numbers(sweep, last_report(trial, (2.0, 3.0)))
    assert numbers["validation_bits_per_byte"] == 2.5
    assert numbers["validation_bits_per_byte_high"] > 3.0  # not cut at 1
    assert numbers["validation_bits_per_byte_low"] == 0.0


def test_survivors_have_neither_mean_nor_interval() -> None:
    trial = make_trial()
    report = last_report(trial)
    report.value = None
    del report.metrics["value/1"], report.metrics["train_loss/1"]
    numbers = report_numbers(make_sweep(), report)
    assert {"validation_accuracy", "validation_accuracy_low", "train_loss"}.isdisjoint(numbers)
    assert "layer/pole_radius_max_1" not in numbers
    assert numbers["seed/0/validation_accuracy"] == 0.5


def test_one_seed_has_no_interval() -> None:
    assert seed_interval([0.5]) is None
    assert seed_interval([0.5, math.nan]) is None
    assert seed_interval([0.5, 0.5]) == (0.5, 0.5)


def test_only_what_varies_is_a_param_and_a_dead_axis_shows_the_base() -> None:
    axes = [{"key": "variant"}, {"key": "model.bin_length"}, {"key": "model.nfft_factor"}]
    sweep = make_sweep(axes=axes, base={"model.bin_length": 16})
    whole = make_trial(point={"variant": "base", "model.bin_length": 8, "model.nfft_factor": 2})
    dead = make_trial(
        point={"variant": "flash_transformer"}, config={"model.mixer": "flash_transformer"}
    )
    assert trial_params(sweep, whole) == whole.point
    assert trial_params(sweep, dead) == {"variant": "flash_transformer", "model.bin_length": 16}
    assert len(TrialConfig().resolved().flat()) > 40  # negative control: what is left out


def test_where_it_comes_from_and_its_data_stand_under_mlflows_own_names(mlflow: Mlflow) -> None:
    sweep, trial = make_sweep(), ended()
    trial.config = {"task.name": "far_recall", "task.gap": 18, "model.width": 8}
    runs = mlflow.runs_of(sweep)
    for _ in range(2):
        runs.mirror(sweep, trial, [last_report(trial)])
    tags = mlflow.tags(mlflow.run_id())
    assert tags["mlflow.source.name"] == "sweeps/launch.py"
    assert tags["mlflow.source.type"] == "LOCAL"
    assert tags["mlflow.source.git.commit"] == "abc123"
    assert tags["mlflow.user"]
    ((name, source),) = mlflow.sql("select name, dataset_source from datasets")
    assert (name, json.loads(source)) == ("far_recall", {"task.name": "far_recall", "task.gap": 18})
    assert mlflow.sql("select count(*) from inputs") == [(1,)]
    assert json.loads(mlflow.artifact(mlflow.run_id(), "config.json")) == trial.config


@pytest.mark.parametrize("axes", [0, 2, 40])
def test_the_view_fits_into_a_tag_whatever_the_space(axes: int) -> None:
    keys = [f"model.{'long' * 20}_{number}" for number in range(axes)]
    sweep = make_sweep(axes=[{"key": key} for key in keys], name="n" * 80, seeds=1000)
    key, text = view_tag(sweep)
    assert len(text) <= MAX_VIEW
    assert len(key) <= 250
    state = json.loads(json.loads(text)["state"])
    shown = [c for c in state["selectedColumns"] if c.startswith("params.")]
    assert shown == [f"params.`{key}`" for key in keys[: len(shown)]]
    assert len(shown) >= min(axes, 2)
    assert view_tag(sweep) == (key, text)


def age(home: Path) -> None:  # noqa: F811
    """As the version before wrote it: other names of metrics, and nothing that says so."""
    olds = {"validation_accuracy": "value", "test_accuracy": "test", "trial/step": "step"}
    olds |= {"best_validation_accuracy": "best_value"}
    for new, old in olds.items():
        for table in ("metrics", "latest_metrics"):
            of.sql(home, "mlflow", f"update {table} set key = ? where key = ?", old, new)
    of.sql(home, "mlflow", "delete from tags where key in ('focus.layout', 'focus.note')")
    of.sql(home, "mlflow", "update tags set value = 'mine' where key = 'mlflow.note.content'")


def live(home: Path) -> list[tuple[int, str]]:  # noqa: F811
    query = "select count(*), lifecycle_stage from runs group by 2 order by 2"
    return of.sql(home, "mlflow", query)


@pytest.mark.parametrize("how", ["relaunch", "repair"])
def test_runs_with_the_names_of_before_are_written_anew_and_none_twice(
    home: Path,  # noqa: F811
    how: str,
) -> None:
    person, count = Person(home), of.TRIALS + 1
    age(home)
    assert len([what for what in wrong(person) if "older version" in what]) == count
    for _ in range(2):
        if how == "relaunch":
            summary = relaunch(home)
            assert (summary.dropped, summary.last_error) == (0, None)
        else:
            assert audit.main(["--home", str(home), "--repair"]) == 0
        assert wrong(person) == []
        assert live(home) == [(count, "active"), (count, "deleted")]
    # What a person wrote of the sweep is theirs, on the new run too.
    assert person.run("sweep").data.tags["mlflow.note.content"] == "mine"
    assert "value" not in person.run("trial").data.metrics
