"""A home that is moved, copied, or loses MLflow's database between two launches."""

import os
import shutil

import pytest

from analysis.reading.ledger import read_sweep
from sweeps import audit
from sweeps.commands.sqlite_address import sqlite_url
from sweeps.record.ledger import Ledger
from sweeps.showing.tracking import connect
from sweeps.showing.tracking.experiments import Experiments
from sweeps.showing.tracking.moved_homes import is_elsewhere, place_of
from sweeps.showing.tracking.runs import SweepRuns
from sweeps.showing.tracking.writing import Writer
from sweeps.ui import find_pages
from tests.sweeps import audited_home as of
from tests.sweeps.audited_home import (  # noqa: F401  fixtures
    blank_database,
    finished_home,
    home,
)
from tests.sweeps.local_launches import QUESTION, SMALL, run, run_here
from tests.sweeps.mlflow_people import Person, relaunch, wrong

TINY = [*QUESTION, "--set", *SMALL, "train.steps=4", "train.eval_every=2"]
NAME, AFTER = f"focus-sweeps/{of.NAME}", " (before the home was moved)"


def launch(folder, trials, blank):
    """The launcher, without Ray; MLflow's migrations were done once."""
    if blank is not None:
        folder.mkdir(exist_ok=True)
        shutil.copy(blank, folder / "mlflow.db")
    code, _, said = run_here(folder, [*TINY, "--trials", str(trials)])
    assert code == 0, said


def places(folder):
    """Where the files are of what is not deleted."""
    found = of.sql(
        folder,
        "mlflow",
        "select artifact_uri from runs where lifecycle_stage = 'active' union "
        "select artifact_location from experiments "
        "where name like 'focus-sweeps/%' and lifecycle_stage = 'active'",
    )
    return {row[0] for row in found}


def files(folder):
    """Every file but those that SQLite needs to read."""
    beside = ("-wal", "-shm")
    return {
        p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and p.name[-4:] not in beside
    }


@pytest.fixture
def copied(finished_home, tmp_path):  # noqa: F811
    """A copy that no launch has seen yet: MLflow looks for its files in the original."""
    return shutil.copytree(finished_home, tmp_path / "copied")


def repaired(folder):
    assert audit.main(["--home", str(folder), "--repair"]) == 0
    assert wrong(Person(folder)) == []
    assert all(place.startswith(f"{folder.as_uri()}/artifacts") for place in places(folder))


def test_mlflow_deleted_between_two_launches_is_rebuilt(tmp_path, blank_database):  # noqa: F811
    folder = tmp_path / "home"
    launch(folder, 2, blank_database)
    before = of.sql(folder, "ledger", "select * from trials")
    for path in folder.glob("mlflow.db*"):
        path.unlink()
    # By a process of its own: this one's MLflow still holds the file that was there.
    code, _, said = run(folder, [*TINY, "--trials", "2"])
    assert code == 0, said
    assert audit.main(["--home", str(folder)]) == 0
    assert of.sql(folder, "ledger", "select * from trials") == before  # nothing was trained


def test_a_moved_home_goes_on_where_it_lies(tmp_path, blank_database):  # noqa: F811
    old, new = tmp_path / "old", tmp_path / "new"
    launch(old, 1, blank_database)
    old.rename(new)
    old.write_text("here is no folder any more, and none can be made")
    launch(new, 2, None)
    assert audit.main(["--home", str(new)]) == 0
    assert old.is_file()
    assert all(place.startswith(f"{new.as_uri()}/artifacts") for place in places(new))
    client = connect(f"sqlite:///{new / 'mlflow.db'}")
    runs = client.search_runs([e.experiment_id for e in client.search_experiments()])
    trials = [found.info.run_id for found in runs if "focus.trial_id" in found.data.tags]
    assert len(trials) == 2
    for run_id in trials:
        assert [file.path for file in client.list_artifacts(run_id)] == ["config.json"]
    assert {e.name for e in client.search_experiments()} == {"Default", NAME}


def test_a_copy_writes_nothing_into_the_original(finished_home, copied):  # noqa: F811
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


def test_the_next_launch_of_a_copy_does_the_same(copied):
    summary = relaunch(copied)
    assert (summary.dropped, summary.last_error) == (0, None)
    repaired(copied)


def test_what_people_wrote_goes_along(copied):
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
def test_a_move_that_ends_in_the_middle_goes_on(copied, monkeypatch, cls, method, calls):
    """The error stands for a kill at the same place."""
    left, whole = iter([True] * calls), getattr(cls, method)

    def ends(*words):
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


def test_moved_there_and_back(copied, tmp_path):
    there = tmp_path / "there"
    for home_now in (copied, there, copied):
        if not home_now.exists():
            (copied if home_now is there else there).rename(home_now)
        repaired(home_now)
        client = Person(home_now).client
        assert {e.name for e in client.search_experiments()} == {"Default", NAME}


def test_only_our_experiments_move(copied):
    person = Person(copied)
    theirs = person.client.create_experiment("theirs", artifact_location="file:///elsewhere")
    (ours,) = {found.info.experiment_id for found in person.runs()}
    runs = [person.client.create_run(each).info.run_id for each in (theirs, ours)]
    assert audit.main(["--home", str(copied), "--repair"]) == 0
    assert person.client.get_experiment(theirs).artifact_location == "file:///elsewhere"
    assert [person.client.get_run(r).info.lifecycle_stage for r in runs] == ["active"] * 2
    assert person.client.get_experiment(ours).name == NAME + AFTER  # it holds a run of theirs


def test_a_link_to_a_home_is_the_home(home, tmp_path):  # noqa: F811
    link = tmp_path / "link"
    os.symlink(home, link)
    before = [found.info.run_id for found in Person(home).runs()]
    relaunch(link)
    assert audit.main(["--home", str(link), "--repair"]) == 0
    assert [found.info.run_id for found in Person(home).runs()] == before


def test_a_home_may_have_any_name(tmp_path, blank_database):  # noqa: F811
    folder = tmp_path / "50%23 a#b what? é@:[x]"
    launch(folder, 2, blank_database)
    assert audit.main(["--home", str(folder)]) == 0
    assert read_sweep(folder, None).trials.num_rows == 2
    assert all(place.startswith(f"{folder.as_uri()}/artifacts") for place in places(folder))
    uri = sqlite_url(folder / "mlflow.db")
    client = connect(uri)
    for (run_id,) in of.sql(
        folder, "mlflow", "select run_uuid from tags where key = 'focus.trial_id'"
    ):
        assert [file.path for file in client.list_artifacts(run_id)] == ["config.json"]
    found = find_pages(uri, None, "http://127.0.0.1:1", folder / "reports")
    assert found.trials.startswith("http://127.0.0.1:1/#/experiments/")
    assert list(tmp_path.iterdir()) == [folder]  # nothing beside it


@pytest.mark.parametrize("where", ["elsewhere", "server", "none"])
def test_a_database_that_is_not_the_homes_is_left_alone(copied, tmp_path, where):
    uri = sqlite_url(copied / "mlflow.db")
    artifacts = None if where == "none" else tmp_path / "other" / "artifacts"
    place = place_of("http://127.0.0.1:1" if where == "server" else uri, artifacts)
    assert not is_elsewhere("file:///wherever", place)
    assert is_elsewhere("file:///wherever", place_of(uri, copied / "artifacts"))  # control
    before = places(copied)
    ledger = Ledger(sqlite_url(copied / "ledger.db"))
    sweep = ledger.find_sweep(of.NAME)
    trials = ledger.trials(sweep)
    runs = SweepRuns(connect(uri), sweep, artifacts)
    for trial in trials:
        runs.mirror(sweep, trial, ledger.reports([trial])[trial.id], complete=True)
    runs.kill_open()
    ledger.close()
    assert places(copied) == before


def test_the_interface_puts_no_report_where_a_home_was(finished_home, copied, capsys):  # noqa: F811
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
