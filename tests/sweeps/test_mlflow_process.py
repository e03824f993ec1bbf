"""MLflow in a process of its own: what it writes, and what it may not cost."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sweeps.record.schema import Replicate
from sweeps.record.transactions import Held
from sweeps.showing.tracking.backlog import Work
from sweeps.showing.tracking.messages import line, packed, unpacked
from sweeps.showing.tracking.own_process import TrackerProcess
from tests.plugin_files import plugin
from tests.sweeps.listener_rows import make_report, make_reports, make_sweep, make_trial
from tests.sweeps.local_launches import wait_until
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures
from tests.sweeps.mlflow_process import (
    KNOWN,
    SWEEP,
    is_written,
    process_of,
    settings,
    start_one,
    tell,
    tracking,
)


def said(mlflow: Mlflow) -> dict[str, Any]:
    """All that the runs say, without what is new in every database: the runs' own ids."""
    found: dict[str, Any] = {}
    for run in [*mlflow.run_ids(), mlflow.run_id("sweep")]:
        tags = mlflow.tags(run)
        is_trial = tags.pop("mlflow.parentRunId", None) is not None
        tags.pop("focus.counted", None)  # when, in milliseconds
        columns = "key, value, step, timestamp" if is_trial else "key, value"
        table = "metrics" if is_trial else "latest_metrics"
        metrics = mlflow.sql(f"select {columns} from {table} where run_uuid = ?", run)
        times = mlflow.sql("select start_time, end_time from runs where run_uuid = ?", run)
        found[tags.get("focus.trial_id", "sweep")] = (
            *(mlflow.status(run), tags, mlflow.params(run), sorted(metrics)),
            times if is_trial else times[0][0],
            mlflow.artifact(run, "config.json") if is_trial else "",
        )
    return found


def test_the_process_writes_what_the_thread_writes(
    mlflow: Mlflow,
    tmp_path: Path,
    blank_database: Path,  # noqa: F811
) -> None:
    (tmp_path / "other").mkdir()
    shutil.copy(blank_database, tmp_path / "other" / "mlflow.db")
    other = Mlflow(tmp_path / "other")
    thread = other.tracker()
    tell(thread)
    with tracking(mlflow) as tracker:
        tell(tracker)
        summary = tracker.close(60)
        assert summary == tracker.close(60) == thread.close()
        assert (summary.points, summary.dropped, summary.last_error) == (20, 0, None)
        assert process_of(tracker).returncode is not None
    assert len(said(mlflow)) == 6
    assert said(mlflow) == said(other)


@pytest.mark.parametrize("known", [True, False])
def test_the_options_of_a_plugin_are_known_there(mlflow: Mlflow, known: bool) -> None:
    """A trial that lacks the plugin's option shows its default. Negative control: no plugin."""
    sweep = make_sweep(axes=[{"key": "model.remains"}])
    with tracking(mlflow, plugins=[plugin()] if known else []) as tracker:
        tracker.sweep_started(sweep, [KNOWN], {})
        assert tracker.close(60).last_error is None
    found = mlflow.params(mlflow.run_id())
    assert found.get("model.remains") == ("0.5" if known else None)


@pytest.mark.parametrize("kind", [signal.SIGSTOP, signal.SIGKILL])
def test_a_hung_or_dead_process_costs_nothing_but_the_points(
    mlflow: Mlflow, kind: signal.Signals
) -> None:
    trial = make_trial()
    with tracking(mlflow, limit=3000) as tracker:
        start_one(tracker)
        process_of(tracker).send_signal(kind)
        start = time.monotonic()
        for step in range(10_000):
            tracker.reported(SWEEP, trial, make_report(trial, step))
        tracker.sweep_ended(SWEEP, [trial])
        assert tracker._backlog.lost <= 10_001
        held = [len(work.reports) for work in tracker._backlog._work.values()]
        assert sum(held) <= 3000
        summary = tracker.close(timeout=2.0)
        assert time.monotonic() - start < 20  # a driver that waited would wait for ever
    assert (summary.points, summary.dropped) == (0, 10_001)
    why = "did not answer in time" if kind == signal.SIGSTOP else "has ended (signal 9)"
    assert f"missed 10001 points (its process {why}); the ledger has them, the same" in str(summary)


def test_the_next_tracker_brings_in_what_a_killed_process_left(mlflow: Mlflow) -> None:
    with tracking(mlflow) as tracker:
        start_one(tracker)
        wait_until(lambda: is_written(mlflow), "the first report is there")
        process_of(tracker).kill()
        tracker.reported(make_sweep(), make_trial(), make_report(make_trial(), 100))
        assert tracker.close(10).dropped == 2
    with tracking(mlflow) as tracker:
        tell(tracker)
        assert tracker.close(60).dropped == 0
    assert len(mlflow.run_ids()) == 5
    assert {mlflow.status(run) for run in mlflow.run_ids()} == {"FINISHED", "FAILED", "KILLED"}


def test_a_process_that_cannot_start_is_told(
    mlflow: Mlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tracking(mlflow) as tracker:
        monkeypatch.setattr(sys, "executable", str(mlflow.folder / "no python"))
        start_one(tracker)
        summary = tracker.close(5)
    assert summary.dropped == 1
    assert "its process cannot be started: FileNotFoundError" in str(summary)
    assert TrackerProcess(settings(mlflow, Held(1, ""))).close().last_error is None  # not begun


def test_a_message_is_small_whatever_the_rows_refer_to() -> None:
    """Rows of the ledger come with their relationships, such as all earlier reports."""
    rng = random.Random(0)
    config: dict[str, Any] = {f"model.option_number_{n}": rng.random() for n in range(100)}
    metrics = {f"a_number_of_a_probe_{n}/{n % 2}": rng.random() for n in range(60)}
    trial = make_trial(config=config)
    trial.replicates = [Replicate(seed=seed, state="running") for seed in range(2)]
    trial.reports = make_reports(trial, range(1000), said=metrics)
    work = Work(trial, [make_report(trial, 1000, said=metrics)], complete=False)
    message = line(packed(work))
    assert len(message) < 10_000
    again = unpacked(*json.loads(message))
    assert (again.trial.config, again.trial.started) == (config, trial.started)
    assert (again.trial.reports, again.reports[0].metrics) == ([], work.reports[0].metrics)
    assert packed(again) == packed(work)


@pytest.mark.parametrize("left_out", [True, False])
def test_ray_does_not_bring_mlflow_into_the_launcher(left_out: bool) -> None:
    """Negative control: left to itself, Ray imports it to count callbacks."""
    code = (
        "import sys\n"
        "from ray.air._internal.usage import _count_callbacks\n"
        "from sweeps.workers.on_ray.starting import leave_mlflow_out\n"
        f"leave_mlflow_out() if {left_out} else None\n"
        "_count_callbacks([])\n"
        f"assert ('mlflow' in sys.modules) is not {left_out}\n"
        "import mlflow\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
