"""What people do in MLflow's interface (delete, restore, rename, retag, gc): a launch mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps import audit
from sweeps.showing.tracking import MlflowTracker, experiments, finding, runs
from tests.sweeps import audited_home as of
from tests.sweeps.audited_home import (  # noqa: F401  fixtures
    blank_home,
    finished_home,
    home,
)
from tests.sweeps.local_launches import TINY, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture
from tests.sweeps.mlflow_people import ACTS, Person, gc, relaunch, wrong


@pytest.mark.parametrize("act", sorted(ACTS))
def test_one_thing_that_people_do_in_mlflow_is_mended_by_the_next_launch(
    home: Path,  # noqa: F811
    act: str,
) -> None:
    person = Person(home)
    person.act(act)
    summary = relaunch(home)
    assert (summary.dropped, summary.last_error) == (0, None)
    assert wrong(person) == []


@pytest.mark.parametrize("seed", range(12))
def test_whatever_people_do_in_mlflow_between_launches_is_mended(
    home: Path,  # noqa: F811
    seed: int,
) -> None:
    person = Person(home, seed)
    for _ in range(3):
        for _ in range(person.chance.randint(1, 6)):
            person.act()
        summary = relaunch(home)
        assert (summary.dropped, summary.last_error, wrong(person)) == (0, None, []), person.done


def by_name(client: Any, ids: list[str], sweep: Any) -> finding.Found:
    """As it was: live runs in the experiment of the name."""
    found = client.get_experiment_by_name(f"focus-sweeps/{of.NAME}")
    ids = [] if found is None else [found.experiment_id]
    return finding.find_runs(client, ids, sweep, deleted=False)


def test_what_people_do_in_mlflow_is_seen_where_runs_are_found_by_name(
    home: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control: a renamed experiment doubles every run."""
    monkeypatch.setattr(runs, "find_runs", by_name)
    person = Person(home)
    person.act("replace the experiment")
    relaunch(home)
    assert "runs of trials: [2, 2, 2, 2, 2, 2]" in wrong(person)


def test_a_deleted_experiment_that_is_not_restored_takes_nothing(
    home: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control."""
    monkeypatch.setattr(experiments.Experiments, "open", lambda *_: None)
    person = Person(home)
    person.act("delete the experiment")
    relaunch(home)
    assert wrong(person)


def test_only_the_launched_sweeps_runs_come_back(home: Path) -> None:  # noqa: F811
    """A person deleted the experiment with everything in it, also what is not of the sweep."""
    person = Person(home)
    (experiment,) = {run.info.experiment_id for run in person.runs()}
    theirs = person.client.create_run(experiment).info.run_id
    person.client.delete_experiment(experiment)
    relaunch(home)
    assert wrong(person) == []
    assert person.client.get_run(theirs).info.lifecycle_stage == "deleted"


def test_what_a_launch_has_nothing_to_mend_in_is_left_as_it_is(home: Path) -> None:  # noqa: F811
    person = Person(home)
    before = [run.info.run_id for run in person.runs()]
    for act in ("rename a run", "rename the experiment"):
        person.act(act)
    relaunch(home)
    assert [run.info.run_id for run in person.runs()] == before
    assert any(run.info.run_name == "the good one" for run in person.runs())


def test_a_name_that_belongs_to_another_space_is_not_taken(home: Path) -> None:  # noqa: F811
    person = Person(home)
    ours = person.experiment()
    for each in person.runs():
        person.client.delete_run(each.info.run_id)
    gc(person)
    person.client.set_experiment_tag(ours.experiment_id, "focus.space", "another")
    relaunch(home)
    assert wrong(person) == []
    names = {e.name for e in person.client.search_experiments()} - {"Default"}
    assert names == {f"focus-sweeps/{of.NAME}", f"focus-sweeps/{of.NAME}-2"}


@pytest.mark.parametrize("act", ["delete the experiment", "rename the experiment", "mlflow gc"])
def test_a_repair_mends_what_people_do_in_mlflow(home: Path, act: str) -> None:  # noqa: F811
    person = Person(home)
    person.act("delete a trial's run")
    person.act(act)
    assert audit.main(["--home", str(home), "--repair"]) == 0
    assert wrong(person) == []


def test_the_same_command_brings_a_deleted_experiment_back(
    blank_home: Path,  # noqa: F811
) -> None:
    code, _, complained = run_here(blank_home, TINY)
    assert (code, complained) == (0, "")
    person = Person(blank_home)
    before = [run.info.run_id for run in person.runs()]
    person.act("delete the experiment")
    assert audit.main(["--home", str(blank_home)]) == 1  # negative control
    code, _, complained = run_here(blank_home, TINY)
    assert (code, complained) == (0, "")
    assert audit.main(["--home", str(blank_home)]) == 0
    assert [run.info.run_id for run in person.runs()] == before


Running = tuple[Person, MlflowTracker, Callable[[int], None]]
"""Who edits, what writes, and how a report comes."""


@pytest.fixture
def running(blank_home: Path) -> Iterator[Running]:  # noqa: F811
    """A sweep that has begun, and a person who looks at it."""
    from tests.sweeps.listener_rows import make_report, make_sweep, make_trial
    from tests.sweeps.local_launches import wait_until
    from tests.sweeps.mlflow_database import Mlflow

    tracker, sweep, trial = Mlflow(blank_home).tracker(), make_sweep(), make_trial()
    person = Person(blank_home)
    tracker.sweep_started(sweep, [], {})
    tracker.reported(sweep, trial, make_report(trial, 50))
    wait_until(lambda: person.run("trial") is not None, "the first report is there")

    def report(step: int) -> None:
        tracker.reported(sweep, trial, make_report(trial, step))

    yield person, tracker, report
    tracker.close()


@pytest.mark.parametrize(
    "act", ["delete the experiment", "delete a trial's run", "rename the experiment"]
)
def test_what_people_do_in_mlflow_while_a_sweep_runs(running: Running, act: str) -> None:
    person, tracker, report = running
    person.act(act)
    report(100)
    assert tracker.close().dropped == 0
    steps = [
        metric.step
        for metric in person.client.get_metric_history(
            person.run("trial").info.run_id, "validation_accuracy"
        )
    ]
    assert steps == [50, 100]
    assert len(person.runs()) == 2
