"""A mixer from outside beside ours: as an arm, with an axis over its option, and writing text."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

import search_spaces
from analysis import report
from sweeps import audit, generate
from tests.plugin_files import DECODER, MIXER, write
from tests.sweeps.local_launches import SMALL, rows, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

SPACE = """
from search_spaces.bases import far_recall
from search_spaces.space import VARIANT, Axis, Space, choices
import dataclasses
remains = dataclasses.replace(
    choices("model.remains", 0.25, 0.75), when=lambda point: point["variant"] == "decay"
)
SPACE = Space(question="Does forgetting do as well?", base=far_recall, equal_size=True, seeds=1,
              axes=(choices(VARIANT, "base", "transformer", "decay"), remains), trials=None,
              sampler="grid", pruner=None)
"""
TRAINED = [*SMALL, "train.steps=4", "train.eval_every=2"]


@pytest.fixture
def home(tmp_path: Path, blank_database: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    spaces = tmp_path / "spaces"
    spaces.mkdir()
    (spaces / "forgetting.py").write_text(SPACE)
    monkeypatch.setattr(search_spaces, "__path__", [*search_spaces.__path__, str(spaces)])
    monkeypatch.delitem(sys.modules, "search_spaces.forgetting", raising=False)
    shutil.copy(blank_database, tmp_path / "mlflow.db")
    return tmp_path


def test_it_is_an_arm_beside_ours_and_its_option_is_an_axis(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--space", "forgetting", "--local", "--plugin", str(write(home)), "--set", *TRAINED]
    code, said, complained = run_here(home, words)
    assert code == 0, complained
    (sizes,) = re.findall(r"base ([\d,]+) .*transformer ([\d,]+) .*decay ([\d,]+) ", said)
    base, *others = (int(size.replace(",", "")) for size in sizes)
    assert all(abs(other / base - 1) <= 0.01 for other in others)
    _, trials, _ = rows(home / "ledger.db", "forgetting")
    points = [(trial.variant, trial.config.get("model.remains")) for trial in trials]
    assert points == [("base", None), ("transformer", None), ("decay", 0.25), ("decay", 0.75)]
    assert [trial.state for trial in trials] == ["complete"] * 4
    changed = write(home, source=MIXER.replace("self.remains ** (", "0.5 * self.remains ** ("))
    code, _, complained = run_here(home, [*words[:4], str(changed), *words[5:], "--name", "again"])
    assert code == 0, complained
    assert audit.main(["--home", str(home)]) == 0  # two versions of one name
    assert "nothing disagrees: 2 sweeps, 8 trials (8 complete)" in capsys.readouterr().out
    _, again, _ = rows(home / "ledger.db", "again")
    assert [trial.reused_from for trial in again] == ["forgetting"] * 2 + [None] * 2
    assert report.main(["--home", str(home), "--sweep", "forgetting"]) == 0
    text = (home / "reports" / "forgetting" / "report.md").read_text()
    assert re.search(r"\| decay[^|]* \| yours: as its constructor draws \| ours: pre-norm", text)


def test_no_space_of_ours_gets_it_as_an_arm(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also not for later commands, where this one was the first to import the space."""
    usual = search_spaces.load("ablation").describe_axes()
    monkeypatch.delitem(sys.modules, "search_spaces.ablation")
    words = ["--space", "ablation", "--dry-run", "--set", TRAINED[0]]
    code, said, _ = run_here(home, [*words, "--plugin", str(write(home))])
    assert code == 0
    assert "no trial needs the plugin my_mixer.py" in said
    assert search_spaces.load("ablation").describe_axes() == usual


@pytest.mark.parametrize("source", [DECODER, MIXER], ids=["steps", "no steps"])
def test_it_writes_text_where_it_has_a_step(
    source: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--space", "baselines", "--local", "--seeds", "1", "--trials", "1"]
    words += ["--plugin", str(write(home, source=source)), "--set", *TRAINED]
    code, _, complained = run_here(
        home, [*words, "variant=decay", "task.name=pydoc_text", "task.length=32"]
    )
    assert code == 0, complained
    ((trial,),) = (rows(home / "ledger.db", "baselines")[1],)
    code = generate.main([trial.trial_id, "The ", "--length", "20", "--home", str(home)])
    said = capsys.readouterr()
    if source == DECODER:
        assert code == 0
        assert said.out.startswith("The ")
        assert len(said.out) > 10
    else:
        assert code == 2
        assert "has no decoding step: decay has no step: write initial_state(batch)" in said.err
