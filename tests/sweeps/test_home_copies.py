"""A copy of a home: MLflow looks for its files in the original until the copy is launched."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from sweeps import audit
from sweeps.commands.sqlite_address import sqlite_url
from sweeps.record.ledger import Ledger
from sweeps.showing.tracking import connect
from sweeps.showing.tracking.experiments import Experiments
from sweeps.showing.tracking.moved_homes import is_elsewhere, place_of
from sweeps.showing.tracking.runs import SweepRuns
from sweeps.showing.tracking.writing import Writer
from sweeps.ui import find_pages
from tests.narrowing import known
from tests.sweeps import audited_home as of
from tests.sweeps.audited_home import (  # noqa: F401  fixtures
    finished_home,
    home,
)
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture
from tests.sweeps.mlflow_people import Person, relaunch, wrong
from tests.sweeps.test_homes import NAME, places

AFTER = " (before the home was moved)"


def files(folder: Path) -> dict[Path, bytes]:
    """Every file but those that SQLite needs to read."""
    beside = ("-wal", "-shm")
    return {
        p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name[-4:] not in beside
    }


@pytest.fixture
def copied(finished_home: Path, tmp_path: Path) -> Path:  # noqa: F811
    """A copy that no launch has seen yet: MLflow looks for its files in the original."""
    return shutil.copytree(finished_home, tmp_path / "copied")


def repaired(folder: Path) -> None:
    assert audit.main(["--home", str(folder), "--repair"]) == 0
    assert wrong(Person(folder)) == []
    assert all(place.startswith(f"{folder.as_uri()}/artifacts") for place in places(folder))


def test_a_copy_writes_nothing_into_the_original(finished_home: Path, copied: Path) -> None:  # noqa: F811
    before = files(finished_home)
    there = finished_home.as_uri()  # negative control
    said = [what for _, where, what in of.findings(copied) if where == "MLflow"]
    assert said == [f"the sweep's run has its files in {there}/artifacts"] + (
        [f"its run has its files in {there}/artifacts"] * of.TRIALS
    )
    repaired(copied)
    assert files(finished_home) == before
    once = files(copied)
    repaired(copied)
    assert files(copied).keys() == once.keys()


def test_the_next_launch_of_a_copy_does_the_same(copied: Path) -> None:
    summary = relaunch(copied)
    assert (summary.dropped, summary.last_error) == (0, None)
    repaired(copied)


def test_what_people_wrote_goes_along(copied: Path) -> None:
    person = Person(copied)
    trial, parent = person.run("trial"), person.run("sweep")
    for found in (trial, parent):
        run_id, kind = found.info.run_id, found.data.tags["focus.kind"]
        person.client.update_run(run_id, name=f"the good {kind}")
        person.client.set_tag(run_id, "mlflow.note.content", f"look at this {kind}")
        person.client.set_tag(run_id, "mine", kind)
    person.act("rename the experiment")
    (old,) = {found.info.experiment_id for found in person.runs()}
    person.client.set_experiment_tag(old, "mlflow.note.content", "about bins")
    name = person.client.get_experiment(old).name
    repaired(copied)
    for kind, trial_id in (("trial", trial.data.tags["focus.trial_id"]), ("sweep", None)):
        (found,) = (r for r in person.runs() if r.data.tags.get("mine") == kind)
        assert found.info.run_name == f"the good {kind}"
        assert found.data.tags["mlflow.note.content"] == f"look at this {kind}"
        assert found.data.tags.get("focus.trial_id") == trial_id
    new = person.client.get_experiment_by_name(name)
    assert new.tags.items() >= {("mlflow.note.content", "about bins"), ("focus.space", of.NAME)}
    assert person.client.get_experiment(old).lifecycle_stage == "deleted"


@pytest.mark.parametrize(
    ("cls", "method", "calls"),
    [(Writer, "create", n) for n in (0, 1, 4)]
    + [(Experiments, "_free", n) for n in (0, 1)]
    + [(Experiments, "delete_left", 0), (SweepRuns, "_supersede", 2)],
)
def test_a_move_that_ends_in_the_middle_goes_on(
    copied: Path, monkeypatch: pytest.MonkeyPatch, cls: type[Any], method: str, calls: int
) -> None:
    """The error stands for a kill at the same place."""
    left, whole = iter([True] * calls), getattr(cls, method)

    def ends(*words: Any) -> Any:
        if not next(left, False):
            raise OSError("the end")
        return whole(*words)

    with monkeypatch.context() as patched:
        patched.setattr(cls, method, ends)
        assert audit.main(["--home", str(copied), "--repair"]) == 2
    if cls is Experiments and method == "delete_left":
        relaunch(copied)  # nothing disagrees any more: a launch deletes what is empty
    repaired(copied)
    assert {e.name for e in Person(copied).client.search_experiments()} == {"Default", NAME}


def test_moved_there_and_back(copied: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    for home_now in (copied, there, copied):
        if not home_now.exists():
            (copied if home_now is there else there).rename(home_now)
        repaired(home_now)
        client = Person(home_now).client
        assert {e.name for e in client.search_experiments()} == {"Default", NAME}


def test_only_our_experiments_move(copied: Path) -> None:
    person = Person(copied)
    theirs = person.client.create_experiment("theirs", artifact_location="file:///elsewhere")
    (ours,) = {found.info.experiment_id for found in person.runs()}
    runs = [person.client.create_run(each).info.run_id for each in (theirs, ours)]
    assert audit.main(["--home", str(copied), "--repair"]) == 0
    assert person.client.get_experiment(theirs).artifact_location == "file:///elsewhere"
    assert [person.client.get_run(r).info.lifecycle_stage for r in runs] == ["active"] * 2
    assert person.client.get_experiment(ours).name == NAME + AFTER  # it holds a run of theirs


@pytest.mark.parametrize("where", ["elsewhere", "server", "none"])
def test_a_database_that_is_not_the_homes_is_left_alone(
    copied: Path, tmp_path: Path, where: str
) -> None:
    uri = sqlite_url(copied / "mlflow.db")
    artifacts = None if where == "none" else tmp_path / "other" / "artifacts"
    place = place_of("http://127.0.0.1:1" if where == "server" else uri, artifacts)
    assert not is_elsewhere("file:///wherever", place)
    assert is_elsewhere("file:///wherever", place_of(uri, copied / "artifacts"))  # control
    before = places(copied)
    ledger = Ledger(sqlite_url(copied / "ledger.db"))
    sweep = known(ledger.find_sweep(of.NAME))
    trials = ledger.trials(sweep)
    runs = SweepRuns(connect(uri), sweep, artifacts)
    for trial in trials:
        runs.mirror(sweep, trial, ledger.reports([trial])[trial.id], complete=True)
    runs.kill_open()
    ledger.close()
    assert places(copied) == before


def test_the_interface_puts_no_report_where_a_home_was(
    finished_home: Path,  # noqa: F811
    copied: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = copied / "reports" / of.NAME
    folder.mkdir(parents=True)
    (folder / "summary.json").write_text('{"sweep": {"name": "nfft_bins"}, "answer": ["Yes."]}')
    (folder / "index.html").write_text("<p>Yes.</p>")
    before, uri = files(finished_home), sqlite_url(copied / "mlflow.db")
    assert find_pages(uri, None, "http://127.0.0.1:1", copied / "reports").report is None
    said = capsys.readouterr().err
    assert "where its home is no more: launch the sweep again" in said
    assert said.count("\n") == 1
    repaired(copied)
    assert find_pages(uri, None, "http://127.0.0.1:1", copied / "reports").report is not None
    assert list((copied / "artifacts").rglob("index.html"))
    assert files(finished_home) == before
