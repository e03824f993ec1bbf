"""A home that is moved, has any name, or loses MLflow's database between two launches."""

import os
import shutil
from pathlib import Path

from analysis.reading.ledger import read_sweep
from sweeps import audit
from sweeps.commands.sqlite_address import sqlite_url
from sweeps.showing.tracking import connect
from sweeps.ui import find_pages
from tests.sweeps import audited_home as of
from tests.sweeps.audited_home import (  # noqa: F401  fixtures
    finished_home,
    home,
)
from tests.sweeps.local_launches import QUESTION, SMALL, run, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture
from tests.sweeps.mlflow_people import Person, relaunch

TINY = [*QUESTION, "--set", *SMALL, "train.steps=4", "train.eval_every=2"]
NAME = f"focus-sweeps/{of.NAME}"


def launch(folder: Path, trials: int, blank: Path | None) -> None:
    """The launcher, without Ray; MLflow's migrations were done once."""
    if blank is not None:
        folder.mkdir(exist_ok=True)
        shutil.copy(blank, folder / "mlflow.db")
    code, _, said = run_here(folder, [*TINY, "--trials", str(trials)])
    assert code == 0, said


def places(folder: Path) -> set[str]:
    """Where the files are of what is not deleted."""
    found = of.sql(
        folder,
        "mlflow",
        "select artifact_uri from runs where lifecycle_stage = 'active' union "
        "select artifact_location from experiments "
        "where name like 'focus-sweeps/%' and lifecycle_stage = 'active'",
    )
    return {row[0] for row in found}


def test_mlflow_deleted_between_two_launches_is_rebuilt(
    tmp_path: Path,
    blank_database: Path,  # noqa: F811
) -> None:
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


def test_a_moved_home_goes_on_where_it_lies(tmp_path: Path, blank_database: Path) -> None:  # noqa: F811
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


def test_a_link_to_a_home_is_the_home(home: Path, tmp_path: Path) -> None:  # noqa: F811
    link = tmp_path / "link"
    os.symlink(home, link)
    before = [found.info.run_id for found in Person(home).runs()]
    relaunch(link)
    assert audit.main(["--home", str(link), "--repair"]) == 0
    assert [found.info.run_id for found in Person(home).runs()] == before


def test_a_home_may_have_any_name(tmp_path: Path, blank_database: Path) -> None:  # noqa: F811
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
