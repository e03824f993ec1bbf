"""Each rule with a database that breaks it, and with code that breaks it: the audit must see it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from sweeps.driving import study
from sweeps.driving.driver import Driver
from sweeps.record import derived_rows as ledger_rows
from sweeps.record import ledger
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Replicate, Report, Trial
from sweeps.record.seeds import Seeds
from tests.sweeps import audited_home as of
from tests.sweeps.audited_home import (  # noqa: F401  fixtures
    blank_home,
    finished_home,
    home,
)
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

ROW_0 = "trial_row = (select id from trials where number = 0)"
LEDGER_FAULTS = {
    "a row is lost": ("delete from trials where number = 4", "trials 4 have no row"),
    "more rows than planned": ("update sweeps set planned = 5", "6 rows"),
    "the config was edited": (
        "update trials set config = json_set(config, '$.\"model.width\"', 16) where number = 0",
        "its config has the hash",
    ),
    "the point was edited": (
        "update trials set point = json_set(point, '$.\"model.bin_length\"', 32) where number = 0",
        "its point has model.bin_length=32",
    ),
    "the budget was edited": ("update trials set steps = 4 where number = 0", "a budget of 4"),
    "declared leaky": ("update trials set causal = 0 where number = 0", "causal=False"),
    "no such state": ("update trials set state = 'done' where number = 0", "state 'done'"),
    "running, nobody there": (
        "update trials set state = 'running', finished = null where number = 0",
        "running, but no launcher holds",
    ),
    "waiting, sweep finished": (
        "update trials set state = 'waiting', finished = null where number = 0",
        "waiting, but the sweep is finished",
    ),
    "ended without an end": ("update trials set finished = null where number = 0", "with no end"),
    "pruned without reason": ("update trials set reason = null where number = 1", "without a"),
    "complete with a reason": ("update trials set reason = 'x' where number = 0", "complete, yet"),
    "reused from nowhere": (
        "update trials set reused_from = 'gone' where number = 0",
        "reused from 'gone'",
    ),
    "retries below zero": ("update trials set retries = -1 where number = 0", "-1 retries"),
    "complete too early": ("update trials set step = 4 where number = 0", "complete at step 4"),
    "pruned at the end": ("update trials set step = 6 where number = 1", "pruned at step 6"),
    "pruned with a test": ("update trials set test = 1 where number = 1", "with a test value"),
    "failed with a test": ("update trials set test = 1 where number = 3", "with a test value"),
    "diverged with a value": (
        "update trials set value = 1 where number = 2",
        "yet a seed diverged",
    ),
    "diverged but complete": (
        "update trials set state = 'complete', reason = null where number = 2",
        "yet seed 1 is diverged",
    ),
    "a replicate is lost": (f"delete from replicates where {ROW_0} and seed = 1", "1 seed"),
    "the first seed is lost": (f"delete from replicates where {ROW_0} and seed = 0", "seeds [1]"),
    "a replicate is open": (
        f"update replicates set state = 'running' where {ROW_0} and seed = 1",
        "yet seed 1 is running",
    ),
    "a replicate is short": (
        f"update replicates set step = 4 where {ROW_0} and seed = 1",
        "seed 1 is complete at step 4",
    ),
    "a replicate has no test": (
        f"update replicates set test = null where {ROW_0} and seed = 1",
        "test None",
    ),
    "a replicate says otherwise": (
        f"update replicates set value = 0.5 where {ROW_0} and seed = 1",
        "seed 1 has value 0.5",
    ),
    "a number that cannot be": (
        f"update reports set metrics = json_set(metrics, '$.\"leak\"', -1) where {ROW_0}",
        "leak -1",
    ),
    "a number above its range": (
        f"update reports set metrics = json_set(metrics, '$.\"prefix\"', 2) where {ROW_0}",
        "prefix 2",
    ),
    "not the mean": ("update trials set value = 0.123 where number = 0", "value 0.123"),
    "a test of its own": ("update trials set test = 0.123 where number = 0", "test 0.123"),
    "a report is lost": (f"delete from reports where {ROW_0} and step = 4", "with 2 reports"),
    "the last report is lost": (f"delete from reports where {ROW_0} and step = 6", "lost 6"),
    "reports out of order": (
        f"update reports set id = 1000 where {ROW_0} and step = 2",
        "reports at steps 4, 6, 2",
    ),
    "a report beyond the budget": (
        f"update reports set step = 8 where {ROW_0} and step = 6",
        "reports at steps 2, 4, 8",
    ),
    "a report averages otherwise": (
        f"update reports set value = 0.5 where {ROW_0} and step = 4",
        "step 4: value 0.5",
    ),
}


@pytest.mark.parametrize("fault", LEDGER_FAULTS)
def test_a_broken_ledger_is_seen(home: Path, fault: str) -> None:  # noqa: F811
    query, said = LEDGER_FAULTS[fault]
    assert of.findings(home) == []  # negative control
    of.sql(home, "ledger", query)
    assert said in " ".join(what for _, where, what in of.findings(home) if where == "ledger")


class TellsPrunedComplete(Driver):
    def report(self, trial_id: str, metrics: dict[str, float]) -> bool:
        goes_on = super().report(trial_id, metrics)
        if not goes_on:
            self.finished(trial_id)
        return goes_on


class LeavesOneRunning(Driver):
    def report(self, trial_id: str, metrics: dict[str, float]) -> bool:
        first_ends = self.trials[trial_id].number == 0 and metrics["step"] == of.STEPS[-1]
        return first_ends or super().report(trial_id, metrics)

    def finished(self, trial_id: str) -> None:
        if self.trials[trial_id].number != 0:
            super().finished(trial_id)


class OneSeed(Seeds):
    def of(self, trial_id: str) -> range:
        return super().of(trial_id)[:1]


class TrainsOneSeed(Driver):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, seeds=OneSeed(count=of.SEEDS), **options)


class ForgetsAReport(Ledger):
    def record(
        self, trial: Trial, metrics: Mapping[str, float], seeds: Sequence[int]
    ) -> tuple[Trial, Report]:
        row, report = super().record(trial, metrics, seeds)
        if trial.number == 0 and report.step == of.STEPS[1]:
            with self.writing() as session:
                session.delete(session.get_one(Report, report.id))
        return row, report


class AddsASeed(Ledger):
    def add_trial(self, trial: Trial) -> Trial:
        row = super().add_trial(trial)
        with self.writing() as session:
            session.add(Replicate(trial_row=row.id, seed=7, state="complete", step=6))
        return row


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ({"driver_class": TellsPrunedComplete}, "complete at step 4"),
        ({"driver_class": LeavesOneRunning}, "running, but no launcher holds the sweep"),
        ({"driver_class": TrainsOneSeed}, "1 seed"),
        ({"ledger_class": ForgetsAReport}, "complete with 2 reports"),
        ({"ledger_class": AddsASeed}, "seeds [0, 1, 7]"),
    ],
)
def test_code_that_breaks_a_rule_is_seen(
    blank_home: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    classes: dict[str, Any],
    said: str,
) -> None:
    if classes.get("driver_class") is TellsPrunedComplete:
        monkeypatch.setattr(study.Study, "end", lambda *_: None)  # Optuna would refuse it
    monkeypatch.setattr(ledger, "lacking", lambda *_: None)  # which would fail such a trial at once
    of.drive(blank_home, **classes)
    assert said in " ".join(what for _, where, what in of.findings(blank_home) if where == "ledger")


def test_a_mean_of_survivors_is_seen(blank_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    def survivors(name: str, metrics: Mapping[str, Any], seeds: Sequence[int]) -> float | None:
        found = [v for s in seeds if (v := metrics.get(f"{name}/{s}")) is not None]
        return sum(found) / len(found) if found else None

    monkeypatch.setattr("sweeps.record.write_trial.mean_over_seeds", survivors)
    assert ledger_rows.mean_over_seeds is not survivors
    of.drive(blank_home)
    assert (2, "ledger", "step 4: a value, yet seeds [1] have none") in of.findings(blank_home)


def test_a_study_that_calls_pruned_trials_complete_is_seen(
    home: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(study._STATES, "pruned", TrialState.COMPLETE)
    (number, where, what), *_ = of.findings(home)
    assert (number, where) == (1, "study")
    assert "COMPLETE" in what or "FAIL" in what


def test_a_ghost_in_the_study_is_seen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.delitem(study._STATES, "failed")
    assert of.findings(home) == [
        (n, "study", "failed, but the study has RUNNING") for n in (of.DIVERGED, of.RAISED)
    ]


def test_a_study_without_its_curves_is_seen(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    add = study.Study.add
    monkeypatch.setattr(study.Study, "add", lambda self, trial, _: add(self, trial))
    assert (0, "study", "the study has 0 reported values") in of.findings(home)


def test_half_written_and_orphaned_checkpoints_are_seen_and_removed(home: Path) -> None:  # noqa: F811
    from sweeps.audit import main

    folder = home / "checkpoints" / of.NAME
    trial_id = of.sql(home, "ledger", "select trial_id from trials where number = 0")[0][0]
    (folder / trial_id / "seeds-0-1.pt.abc.new").touch()
    (folder / "0123456789ab").mkdir()
    (folder / "notes").mkdir()  # somebody's own: none of ours
    assert sorted(what for _, where, what in of.findings(home) if where == "checkpoints") == [
        "1 half-written files",
        "a folder, but no row",
    ]
    assert main(["--home", str(home), "--repair"]) == 0
    assert (folder / "notes").is_dir()
    assert [path.name for path in (folder / trial_id).iterdir()] == ["seeds-0-1.pt"]
