"""What ``SweepRuns`` writes, read with plain SQL."""

from datetime import timedelta
from typing import Any

import pytest

from sweeps.evidence.ranking import Leaks
from sweeps.record.schema import Trial
from sweeps.showing.tracking import connect
from sweeps.showing.tracking.runs import SweepRuns
from tests.sweeps.listener_rows import (
    START,
    ended,
    make_report,
    make_reports,
    make_sweep,
    make_trial,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

TABLES = ("runs", "metrics", "tags", "params", "inputs", "datasets", "experiment_tags")


def test_mirroring_twice_doubles_nothing(mlflow: Mlflow) -> None:
    sweep, trial = make_sweep(), ended(value=0.2, test=0.1)
    reports = make_reports(trial)
    rows = "select count(*) from {}"
    counts = []
    for _ in range(2):  # the second time with nothing remembered
        runs = mlflow.runs_of(sweep)
        for _ in range(2):
            runs.mirror(sweep, trial, reports)
            runs.mirror_sweep(sweep, [trial], "running", Leaks())
        counts.append([mlflow.sql(rows.format(t)) for t in TABLES])
    assert counts[0] == counts[1]
    assert len(mlflow.points(mlflow.run_id())) == 4


def test_steps_repeated_since_a_checkpoint_double_nothing(mlflow: Mlflow) -> None:
    sweep, trial, later = make_sweep(), ended(value=0.2), START + timedelta(days=1)
    mlflow.runs_of(sweep).mirror(sweep, make_trial(), make_reports(trial)[:3])
    runs = mlflow.runs_of(sweep)
    for step in (100, 150, 200):
        runs.mirror(sweep, trial, [make_report(trial, step, step / 1000, at=later)])
    assert mlflow.points(mlflow.run_id()) == [(50, 0.05), (100, 0.1), (150, 0.15), (200, 0.2)]

    # Negative control: a step that says something else is added, and is the one MLflow shows.
    runs.mirror(sweep, trial, [make_report(trial, 200, 0.9, at=later + timedelta(days=1))])
    assert mlflow.points(mlflow.run_id())[-2:] == [(200, 0.2), (200, 0.9)]
    assert mlflow.sql("select value from latest_metrics where key = 'validation_accuracy'") == [
        (0.9,)
    ]


class Watched:
    """A client that remembers what it was asked, and answers searches two runs at a time."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self.client, name)

    def search_runs(self, experiments: list[str], text: str, **options: Any) -> Any:
        self.asked.append("search_runs")
        return self.client.search_runs(experiments, text, max_results=2, **options)


def test_what_agrees_costs_only_the_search(mlflow: Mlflow) -> None:
    sweep, trials = make_sweep(planned=5), [ended(n, value=0.1) for n in range(5)]
    reports = {trial.id: make_reports(trial) for trial in trials}
    runs = mlflow.runs_of(sweep)
    for trial in trials:
        runs.mirror(sweep, trial, reports[trial.id])

    def asked(trials: list[Trial]) -> list[str]:
        client = Watched(connect(mlflow.uri))
        runs = SweepRuns(client, sweep, None)
        for trial in trials:
            runs.mirror(sweep, trial, reports[trial.id], complete=True)
        return client.asked

    # Six runs by the sweep's time, then five under its run, in pages of two: every page is read.
    assert asked(trials) == ["search_experiments", *["search_runs"] * (3 + 3)]
    reports[1] = make_reports(trials[0], steps=(50, 100, 150, 200, 250))
    assert "log_batch" in asked(trials)  # negative control


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("running", "RUNNING"),
        ("complete", "FINISHED"),
        ("pruned", "KILLED"),
        ("killed", "KILLED"),
        ("failed", "FAILED"),
    ],
)
def test_states(mlflow: Mlflow, state: str, status: str) -> None:
    sweep, trial = make_sweep(), ended(state=state)
    mlflow.runs_of(sweep).mirror(sweep, trial, make_reports(trial))
    assert mlflow.status(mlflow.run_id()) == status
    assert mlflow.tags(mlflow.run_id())["state"] == state


def test_a_waiting_trial_has_no_run(mlflow: Mlflow) -> None:
    sweep = make_sweep()
    mlflow.runs_of(sweep).mirror(sweep, make_trial(state="waiting"), [], complete=True)
    assert mlflow.run_ids() == []


def test_a_killed_trial_goes_on_in_its_run(mlflow: Mlflow) -> None:
    sweep = make_sweep()
    killed, reports = ended(state="killed", reason="stopped by Ctrl-C"), make_reports(ended())
    mlflow.runs_of(sweep).mirror(sweep, killed, reports[:2])
    runs = mlflow.runs_of(sweep)
    runs.mirror(sweep, make_trial(), reports[2:3])
    assert mlflow.status(mlflow.run_id()) == "RUNNING"
    runs.mirror(sweep, ended(value=0.2), reports[3:])
    run = mlflow.run_id()
    assert (mlflow.status(run), mlflow.tags(run)["reason"]) == ("FINISHED", "")
    assert [step for step, _ in mlflow.points(run)] == [50, 100, 150, 200]


def test_an_attempt_the_ledger_forgot_is_replaced(mlflow: Mlflow) -> None:
    sweep = make_sweep()
    mlflow.runs_of(sweep).mirror(sweep, ended(state="failed"), make_reports(ended()))
    before = mlflow.run_id()
    runs = mlflow.runs_of(sweep)
    runs.mirror(sweep, make_trial(state="waiting"), [], complete=True)
    assert mlflow.run_ids() == []
    runs.mirror(sweep, make_trial(), [make_report(ended(), 50, value=0.9)])
    assert mlflow.run_id() != before
    assert mlflow.points(mlflow.run_id()) == [(50, 0.9)]


def test_seeds_added_later_arrive(mlflow: Mlflow) -> None:
    sweep, trial = make_sweep(), ended(value=0.2)
    mlflow.runs_of(sweep).mirror(sweep, trial, make_reports(trial))
    later = START + timedelta(days=1)
    more = [make_report(trial, step, 0.7, seeds=3, at=later) for step in (50, 100, 150, 200)]
    assert mlflow.runs_of(sweep).mirror(sweep, trial, more, complete=True) == 4
    assert [value for _, value in mlflow.points(mlflow.run_id(), "seed/2/validation_accuracy")] == [
        0.7
    ] * 4
    assert mlflow.runs_of(sweep).mirror(sweep, trial, more, complete=True) == 0


def test_two_ledgers_may_use_one_name(mlflow: Mlflow) -> None:
    ours, theirs = make_sweep(), make_sweep(created=START + timedelta(minutes=1))
    for sweep in (ours, theirs):
        mlflow.runs_of(sweep).mirror(sweep, ended(), make_reports(ended()))
    assert len(mlflow.run_ids()) == len(mlflow.run_ids("sweep")) == 2


def test_more_metrics_than_one_batch_takes(mlflow: Mlflow) -> None:
    sweep, trial = make_sweep(), ended()
    wide = {f"probe_{k}": float(k) for k in range(60)}
    reports = make_reports(trial, steps=range(10, 410, 10), said=wide)
    mlflow.runs_of(sweep).mirror(sweep, trial, reports)
    (count,) = mlflow.sql("select count(*) from metrics where key like 'probe/probe_%'")[0]
    assert count == 40 * 60


def test_a_diverged_report_has_no_value_but_its_loss(mlflow: Mlflow) -> None:
    sweep, trial = make_sweep(), ended(state="failed")
    report = make_report(trial, 50, value=None, loss=float("nan"))
    mlflow.runs_of(sweep).mirror(sweep, trial, [report])
    assert mlflow.points(mlflow.run_id()) == []
    assert mlflow.sql("select step, is_nan from metrics where key = 'probe/loss'") == [(50, 1)]


def test_a_leaky_trial_is_never_the_parents_best(mlflow: Mlflow) -> None:
    sweep = make_sweep()
    honest, leaky = ended(0, value=0.5), ended(1, value=0.9, causal=False)
    runs = mlflow.runs_of(sweep)
    runs.mirror_sweep(sweep, [honest, leaky], "running", Leaks())
    assert mlflow.tags(mlflow.run_id("sweep"))["best_trial_id"] == honest.trial_id
    leaky.causal = True  # negative control: but for the leak it would have been
    runs.mirror_sweep(sweep, [honest, leaky], "running", Leaks())
    assert mlflow.tags(mlflow.run_id("sweep"))["best_trial_id"] == leaky.trial_id


@pytest.mark.parametrize("remembered", [True, False])
def test_counts_of_a_sweep_that_goes_on_are_those_shown(
    mlflow: Mlflow, monkeypatch: pytest.MonkeyPatch, remembered: bool
) -> None:
    """With fewer trials ended than before, and under a clock that was set back."""
    if not remembered:  # negative control
        monkeypatch.setattr("sweeps.showing.tracking.run_fields.parse_counted", lambda _: (0, 0))
    sweep, trials = make_sweep(), [ended(n, value=0.1) for n in range(3)]
    mlflow.runs_of(sweep).mirror_sweep(sweep, trials, "complete", Leaks())
    monkeypatch.setattr("sweeps.showing.tracking.runs.time.time", lambda: 1000.0)
    trials[2].state = "waiting"  # more seeds were asked for
    mlflow.runs_of(sweep).mirror_sweep(sweep, trials, "running", Leaks())
    shown = dict(mlflow.sql("select key, value from latest_metrics"))
    agree = (shown["trials/complete"], shown["trials/waiting"]) == (2, 1)
    assert agree == remembered
