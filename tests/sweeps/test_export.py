"""A trained trial becomes a folder for other programs, with its card."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch

import focus_core
from focus_core.tools import exported
from search_spaces.vary import read_base
from sweeps.record.home import find_home
from sweeps.workers.trained_network import find_trained
from tests.sweeps.exported_home import ask, change, trials
from tests.sweeps.local_launches import ROOT, run_here

TOKENS = torch.randint(256, (2, 32), generator=torch.Generator().manual_seed(0))
FILES = ["README.md", "config.json", "model.safetensors"]


def logits(net: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = net(TOKENS)
    return found


def trained_logits(trained_copy: Path, trial: str, seed: int) -> torch.Tensor:
    return logits(find_trained(find_home(str(trained_copy)), trial, seed).build())


def test_the_folder_has_the_network_to_the_bit(trained_home: Path, tmp_path: Path) -> None:
    """In a process of its own, and the id may be short."""
    trial, place = trials(trained_home)[0].trial_id, tmp_path / "out"
    words = [trial[:8], str(place), "--seed", "1", "--home", str(trained_home)]
    done = subprocess.run(
        [sys.executable, "-m", "sweeps.export", *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{place}: trial {trial}, seed 1\n"
    assert sorted(p.name for p in place.iterdir()) == FILES
    assert torch.equal(logits(focus_core.load(place)), trained_logits(trained_home, trial, 1))
    assert not torch.equal(logits(focus_core.load(place)), trained_logits(trained_home, trial, 0))
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("best", [0, 1])
def test_validation_chooses_the_seed_and_test_does_not(
    trained_copy: Path, tmp_path: Path, best: int
) -> None:
    trial = trials(trained_copy)[0]
    for seed in (0, 1):
        scores = (2.0, 7.0) if seed == best else (3.0, 1.0)  # bits: smaller is better
        change(
            trained_copy,
            "UPDATE replicates SET value = ?, test = ? WHERE seed = ? AND trial_row = ?",
            *scores, seed, trial.id,
        )  # fmt: skip
    assert ask(trained_copy, trial.trial_id, str(tmp_path / "out")) == 0
    said = json.loads((tmp_path / "out/config.json").read_text())["trial"]
    assert (said["trial_id"], said["seed"]) == (trial.trial_id, best)
    card = (tmp_path / "out/README.md").read_text()
    assert "the seed with the best validation score" in card
    assert f"| {best} (exported) | 2 | 7 |" in card


def test_the_best_trial_is_that_of_validation_and_never_leaky(
    trained_copy: Path, tmp_path: Path
) -> None:
    one, two = trials(trained_copy)
    change(trained_copy, "UPDATE trials SET value = 1.0, test = 9.0 WHERE id = ?", two.id)
    change(trained_copy, "UPDATE trials SET value = 2.0, test = 0.1 WHERE id = ?", one.id)
    assert ask(trained_copy, "--best", "text", str(tmp_path / "a")) == 0
    change(trained_copy, "UPDATE trials SET causal = 0 WHERE id = ?", two.id)
    assert ask(trained_copy, "--best", "text", str(tmp_path / "b")) == 0
    found = [json.loads((tmp_path / n / "config.json").read_text())["trial"] for n in "ab"]
    assert [said["trial_id"] for said in found] == [two.trial_id, one.trial_id]


def test_the_card_says_what_the_ledger_says(trained_home: Path, tmp_path: Path) -> None:
    trial = trials(trained_home)[1]
    assert ask(trained_home, trial.trial_id, str(tmp_path / "out"), "--seed", "0") == 0
    card = (tmp_path / "out/README.md").read_text()
    with closing(sqlite3.connect(trained_home / "ledger.db")) as ledger:
        ((command_line, commit),) = ledger.execute('SELECT command, "commit" FROM sweeps')
        scores = ledger.execute(
            "SELECT seed, value, test FROM replicates WHERE trial_row = ?", [trial.id]
        ).fetchall()
    for seed, value, test in scores:
        mark = " (exported)" if seed == 0 else ""
        assert f"| {seed}{mark} | {value:.6g} | {test:.6g} |" in card
    assert f"| mean of 2 | {trial.value:.6g} | {trial.test:.6g} |" in card
    for words in (command_line, commit, trial.code, "bits per byte", "the seed that the export"):
        assert words in card
    assert "It promises to be causal" in card
    assert "SEES THE FUTURE" not in card
    assert "CRC-32 of the text" in card


def test_its_config_is_a_base_of_the_same_trial(trained_home: Path, tmp_path: Path) -> None:
    """As the ``config.json`` that MLflow keeps."""
    for trial in trials(trained_home):
        place = tmp_path / trial.trial_id
        assert ask(trained_home, trial.trial_id, str(place)) == 0
        assert read_base(str(place / "config.json")).trial_id == trial.trial_id
    words = ["--vary", "train.steps=4,8", "--base", str(place / "config.json")]
    words += ["--dry-run", "--set", "train.eval_every=2"]
    code, said, complained = run_here(tmp_path / "home", words)
    assert (code, complained) == (0, "")
    assert "pydoc_text" in said


def test_a_leaky_trial_says_so(trained_copy: Path, tmp_path: Path) -> None:
    trial = trials(trained_copy)[0]
    change(trained_copy, "UPDATE trials SET causal = 0 WHERE id = ?", trial.id)
    assert ask(trained_copy, trial.trial_id, str(tmp_path / "out")) == 0
    assert "It promises to be LEAKY" in (tmp_path / "out/README.md").read_text()
    assert "SEES THE FUTURE" in (tmp_path / "out/README.md").read_text()


def test_an_empty_folder_is_filled(trained_home: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert ask(trained_home, "--best", "text", str(tmp_path / "out")) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == FILES


@pytest.mark.parametrize("after", [0, 1])
def test_a_failed_write_leaves_nothing(
    trained_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    after: int,
) -> None:
    write = exported.write

    def fails(*given: Any) -> None:
        if after:
            write(*given)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exported, "write", fails)
    assert ask(trained_home, "--best", "text", str(tmp_path / "out")) == 2
    assert "(No space left on device): name another folder" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_filled_meanwhile_is_kept(
    trained_home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write = exported.write

    def late(*given: Any) -> None:
        write(*given)
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine").touch()

    monkeypatch.setattr(exported, "write", late)
    assert ask(trained_home, "--best", "text", str(tmp_path / "out")) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert [p.name for p in tmp_path.rglob("*")] == ["out", "mine"]
