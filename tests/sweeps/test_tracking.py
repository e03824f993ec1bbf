"""What the tracker's thread writes, read with plain SQL; and what it does when it cannot."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sweeps.evidence.ranking import Leaks
from sweeps.record.schema import Report, Sweep, Trial
from sweeps.showing.tracking import MlflowTracker, TrackingSummary
from sweeps.showing.tracking.backlog import Backlog
from tests.narrowing import known
from tests.sweeps.listener_rows import (
    START,
    ended,
    make_report,
    make_reports,
    make_sweep,
    make_trial,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures


def play(
    tracker: MlflowTracker, sweep: Sweep, trials: list[Trial], reports: dict[int, list[Report]]
) -> TrackingSummary:
    """A whole launch, as the driver tells it."""
    tracker.sweep_started(sweep, [], {})
    for trial in trials:
        tracker.trial_started(sweep, make_trial(trial.number))
        for report in reports.get(trial.id, ()):
            tracker.reported(sweep, make_trial(trial.number, step=report.step), report)
        tracker.trial_ended(sweep, trial)
    tracker.sweep_ended(sweep, trials)
    return tracker.close()


def test_a_sweep_becomes_a_parent_and_one_run_per_trial(mlflow: Mlflow) -> None:
    sweep = make_sweep(finished=START + timedelta(hours=1))
    trials = [
        ended(0, value=0.2, test=0.19),
        ended(1, "pruned", value=0.1, reason="worse than the median"),
        ended(
            2,
            "failed",
            reason="diverged",
            error="Traceback: NaN",
            causal=False,
            variant="ema",
            point={"variant": "ema"},
        ),
    ]
    reports = {trial.id: make_reports(trial) for trial in trials}
    summary = play(mlflow.tracker(), sweep, trials, reports)

    assert (summary.points, summary.dropped, summary.last_error) == (12, 0, None)
    parent, (first, second, third) = mlflow.run_id("sweep"), mlflow.run_ids()
    assert [mlflow.status(r) for r in (parent, first, second, third)] == [
        "FINISHED",
        "FINISHED",
        "KILLED",
        "FAILED",
    ]
    tags = mlflow.tags(first)
    assert tags["mlflow.parentRunId"] == parent
    assert tags["mlflow.runName"] == "bin_length=1 nfft_factor=2"
    assert (tags["focus.sweep"], tags["focus.trial_id"]) == ("nfft_bins", trials[0].trial_id)
    assert (tags["state"], tags["space"], tags["commit"]) == ("complete", "nfft_bins", "abc123")
    assert (tags["causal"], tags["focus.points"]) == ("true", "4")
    params = mlflow.params(first)
    assert params == {k: str(v) for k, v in trials[0].point.items()}
    assert params.keys() == mlflow.params(second).keys()
    per_seed = [f"seed/{seed}/validation_accuracy" for seed in (0, 1)]
    for key in ("validation_accuracy", *per_seed):
        assert mlflow.points(first, key) == [(50, 0.05), (100, 0.1), (150, 0.15), (200, 0.2)]
    assert mlflow.points(first, "test_accuracy") == [(400, 0.19)]
    assert json.loads(mlflow.artifact(first, "config.json")) == trials[0].config
    assert mlflow.tags(second)["reason"] == "worse than the median"
    assert mlflow.artifact(third, "error.txt") == "Traceback: NaN"
    assert (mlflow.tags(third)["variant"], mlflow.tags(third)["leaky"]) == ("ema", "true")
    assert mlflow.tags(third)["mlflow.runName"] == "ema"

    tags = mlflow.tags(parent)
    assert tags["mlflow.note.content"].startswith(f"{sweep.question}\n\n**Finished:** 1 complete, ")
    assert (tags["best_trial_id"], tags["state"]) == (trials[0].trial_id, "complete")
    assert mlflow.points(parent, "best_validation_accuracy")[-1] == (3, 0.2)
    assert mlflow.points(parent, "trials/failed")[-1] == (3, 1.0)
    assert mlflow.sql("pragma journal_mode") == [("wal",)]
    (name,) = mlflow.sql("select name from experiments where name != 'Default'")[0]
    assert name == "focus-sweeps/nfft_bins"


def test_what_a_killed_driver_left_is_caught_up(mlflow: Mlflow) -> None:
    sweep, trial = make_sweep(), make_trial(step=100)
    reports = make_reports(trial)
    left = mlflow.runs_of(sweep)
    left.mirror(sweep, trial, reports[:2])
    left.mirror_sweep(sweep, [trial], "running", Leaks())
    before = mlflow.run_id()
    assert mlflow.status(before) == "RUNNING"

    tracker, after = mlflow.tracker(), ended(value=0.2)
    tracker.sweep_started(sweep, [after], {after.id: reports})
    summary = tracker.close()
    assert summary.points == 2
    assert mlflow.run_id() == before
    assert mlflow.status(before) == "FINISHED"
    assert mlflow.points(before) == [(50, 0.05), (100, 0.1), (150, 0.15), (200, 0.2)]
    assert mlflow.tags(before)["focus.points"] == "4"


def test_close_kills_what_is_still_open(mlflow: Mlflow) -> None:
    sweep, tracker = make_sweep(), mlflow.tracker()
    tracker.sweep_started(sweep, [], {})
    tracker.trial_started(sweep, make_trial())
    assert tracker.close().dropped == 0
    for kind in ("trial", "sweep"):
        assert mlflow.status(mlflow.run_id(kind)) == "KILLED"
    assert tracker.close().points == 0  # twice does no harm


def test_one_bad_trial_does_not_keep_the_others_out(mlflow: Mlflow) -> None:
    sweep, tracker = make_sweep(), mlflow.tracker()
    bad, good = ended(0), ended(1)
    reports = {bad.id: make_reports(bad, said={"no/../key": 1.0}), good.id: make_reports(good)}
    tracker.sweep_started(sweep, [bad, good], reports)
    summary = tracker.close()
    assert (summary.points, summary.dropped) == (4, 4)
    assert "no/../key" in known(summary.last_error)
    assert "missed 4 points" in str(summary)


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def dead_server() -> str:
    """A port where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    return f"http://127.0.0.1:{port}"


@pytest.mark.parametrize("kind", ["silent_server", "dead_server"])
def test_an_unreachable_server_costs_nothing_but_the_points(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    uri = request.getfixturevalue(kind)
    tracker = MlflowTracker(uri, tmp_path, flush_seconds=0.01)
    sweep, trial = make_sweep(), make_trial()
    began = time.monotonic()
    tracker.sweep_started(sweep, [], {})
    for step in range(1000):
        tracker.reported(sweep, trial, make_report(trial, step))
    tracker.sweep_ended(sweep, [trial])
    summary = tracker.close(timeout=2.0)
    assert time.monotonic() - began < 15  # a call that waited for an answer would take 20
    assert (summary.points, summary.dropped) == (0, 1000)
    assert "missed 1000 points" in str(summary)


def test_a_full_backlog_drops_and_counts() -> None:
    backlog, trial = Backlog(limit=3), make_trial()
    backlog.add_all(trial, make_reports(trial, steps=(1, 2)))
    for step in (3, 4, 5):
        backlog.add(trial, [make_report(trial, step)])
    (work,) = backlog.take()
    assert [report.step for report in work.reports] == [1, 2, 3]
    assert not work.complete  # two are missing
    assert backlog.lost == 5
    backlog.handled(work)
    assert backlog.lost == 2


def test_what_is_put_back_stays_in_order_with_the_newest_row() -> None:
    backlog = Backlog(limit=10)
    backlog.add_all(make_trial(), make_reports(make_trial(), steps=(1,)))
    work = backlog.take()
    backlog.add(ended(), make_reports(ended(), steps=(2,)))
    backlog.put_back(work)
    (again,) = backlog.take()
    assert [report.step for report in again.reports] == [1, 2]
    assert (again.trial.state, again.complete) == ("complete", True)
