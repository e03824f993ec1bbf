"""What CONTRIBUTING says about adding things is true: nothing else is written.

A copy of this project gets the files of ``tests/toys`` and the lines of ``tests.toys.recipes``. In
it a sweep goes from its plan over training, ledger and MLflow to report and audit.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import analysis.sections
import search_spaces
from focus_core.metrics import declared
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS
from search_spaces.variants import VARIANTS, Variant
from sweeps import launch
from sweeps.driving.pruners import PRUNERS, Pruner
from sweeps.driving.samplers import SAMPLERS
from tests import toys
from tests.sweeps.local_launches import rows
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture
from tests.toys.corners import Corners
from tests.toys.decay import DECAY
from tests.toys.delay import DELAY
from tests.toys.forgetful import Forgetful
from tests.toys.recipes import RECIPES, ROOT, follow_all

QUESTIONS = Path(toys.__file__).parent / "questions"
PROGRAM = """
import sys
from analysis import report
from sweeps import audit, launch
from tests import test_every_variant as promises

promises.test_no_later_token_has_an_influence("shallow")
promises.test_each_variant_is_another_function_than_the_base("shallow")
home = ["--home", sys.argv[1]]
launched = launch.main(["--space", "toys", "--local", *home])
sys.exit(launched or report.main(home) or audit.main(home))
"""


@pytest.fixture(scope="module")
def home(
    tmp_path_factory: pytest.TempPathFactory,
    blank_database: Path,  # noqa: F811  the fixture
) -> Path:
    """The home of a sweep of the copy, with what its commands said in ``said.txt``."""
    root = tmp_path_factory.mktemp("copy")
    follow_all(root)
    home = root / "home"
    home.mkdir()
    (home / "mlflow.db").write_bytes(blank_database.read_bytes())
    program = [sys.executable, "-c", PROGRAM, str(home)]
    around = {**os.environ, "PYTHONPATH": str(root)}
    done = subprocess.run(
        program, cwd=root, env=around, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (home / "said.txt").write_text(done.stdout)
    return home


@pytest.fixture
def page(home: Path) -> Path:
    """The folder of the report."""
    return home / "reports" / "toys"


def test_the_table_of_contributing_has_every_recipe() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = dict(line[2:].split(" | ", 1) for line in text.splitlines() if line.startswith("| "))
    for thing, recipe in RECIPES.items():
        for word in (recipe.registry, recipe.table, recipe.folder, "tests/test_adding"):
            assert word in table[thing], (thing, word)


def test_nothing_disagrees(home: Path) -> None:
    said = (home / "said.txt").read_text()
    assert "axis  train.batch_size: 4, 8, 16" in said
    assert "6 (corners) x 2 seeds x 30 steps, pruned (forgetful) from step 10 on" in said
    assert "nothing disagrees" in said


def test_the_sampler_proposed_and_the_pruner_stopped(home: Path) -> None:
    sweep, trials, _ = rows(home / "ledger.db", "toys")
    assert sweep.sampler == "corners"
    first, *proposed = [trial.point for trial in trials]
    assert first == {"variant": "base", "model.remains": 0.5, "train.batch_size": 16}
    assert len(proposed) == 5
    assert {point["model.remains"] for point in proposed} == {0.1, 0.5}
    assert {point["train.batch_size"] for point in proposed} == {4, 16}
    assert {trial.variant for trial in trials} == {"base", "shallow"}
    assert {trial.config["model.layers"] for trial in trials if trial.variant == "shallow"} == {1}
    for trial in trials:
        forgets = trial.point["model.remains"] == 0.1
        assert trial.state == ("pruned" if forgets else "complete")
        assert trial.reason == ("too little remained at step 10" if forgets else None)


def test_the_tracker_heard_of_every_trial(home: Path) -> None:
    _, trials, _ = rows(home / "ledger.db", "toys")
    expected = [f"toys {trial.number} {trial.state}" for trial in trials]
    assert (home / "notes.txt").read_text().splitlines() == expected


def test_the_number_is_in_ledger_mlflow_and_report(home: Path, page: Path) -> None:
    with closing(sqlite3.connect(home / "ledger.db")) as ledger:
        reports = [json.loads(row[0]) for row in ledger.execute("select metrics from reports")]
    assert {report["half_life"] for report in reports} >= {1.0}
    assert all(report["half_life"] == report["half_life/1"] for report in reports)
    with closing(sqlite3.connect(home / "mlflow.db")) as database:
        keys = {row[0] for row in database.execute("select distinct key from metrics")}
    assert {"probe/half_life", "seed/1/half_life"} <= keys
    assert None not in pq.read_table(page / "trials.parquet")["half_life"].to_pylist()


def test_the_section_and_its_figure_are_wherever_the_others_are(page: Path) -> None:
    html, markdown = ((page / name).read_text() for name in ("index.html", "report.md"))
    for text in ("Half-lives", "A token may live long.", "One dot is one trial.", "half-life"):
        assert text in html
        assert text in markdown
    assert '<section id="half_lives"' in html
    assert "![score against half-life](figures/lives.png)" in markdown
    assert all(
        (page / "figures" / f"lives.{kind}").stat().st_size for kind in ("svg", "png", "pdf")
    )
    assert (page / "tables" / "lives.csv").read_text().count("\n") == 7
    found = json.loads((page / "summary.json").read_text())
    assert "longest" in json.dumps(found)


REFUSED = {
    "a sampler": "search_spaces/toys.py names the sampler 'corners': the samplers are grid, random",
    "a pruner": "search_spaces/toys.py names the pruner 'forgetful': the pruners are median",
    "an ablation": "unknown variant 'shallow'; the variants are base, ",
    "a sequence mixer": "unknown model.mixer 'decay'; there are focus, ",
    "a task": "unknown task.name 'delay'",
    "nothing": "",
}


@pytest.mark.parametrize("missing", REFUSED)
def test_without_its_line_a_thing_is_refused(
    missing: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Negative control: the lines are what makes the difference."""
    lines: dict[str, tuple[dict[str, Any], str, object]] = {
        "a sampler": (SAMPLERS, "corners", Corners),
        "a pruner": (PRUNERS, "forgetful", Pruner(make=Forgetful, why="too little remained")),
        "an ablation": (VARIANTS, "shallow", Variant(question="?", changes={"model.layers": 1})),
        "a sequence mixer": (SYSTEMS, "decay", DECAY),
        "a task": (TASKS, "delay", DELAY),
    }
    lines.pop(missing, None)
    for table, name, entry in lines.values():
        monkeypatch.setitem(table, name, entry)
    monkeypatch.setattr(search_spaces, "__path__", [*search_spaces.__path__, str(QUESTIONS)])
    monkeypatch.delitem(sys.modules, "search_spaces.toys", raising=False)
    code = launch.main(["--space", "toys", "--dry-run", "--home", str(tmp_path)])
    said = capsys.readouterr().err
    assert code == (2 if REFUSED[missing] else 0), said
    assert said.count("\n") == code // 2
    assert REFUSED[missing] in said


def test_a_sampler_of_the_command_line_is_one_of_the_table(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--space", "order", "--dry-run", "--sampler", "corners"]
    assert launch.main(words) == 2
    assert "--sampler: 'corners' must be one of grid, random, tpe" in capsys.readouterr().err
    monkeypatch.setitem(SAMPLERS, "corners", Corners)
    assert launch.main(words) == 0


def test_without_its_line_a_number_is_not_known_and_without_its_file_no_section_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Negative control."""
    assert declared("half_life/0") is None
    monkeypatch.setattr(analysis.sections, "SECTIONS", ("half_lives",))
    with pytest.raises(ModuleNotFoundError, match="half_lives"):
        analysis.sections.cards(None)  # type: ignore[arg-type]  # it is not asked anything
