"""Text from a trained trial, as a user asks for it; and every way to ask wrongly."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from focus_core.config import TrialConfig
from focus_core.tools.generation import generate
from focus_core.training.network import build_model
from sweeps import generate as command
from sweeps.workers import trained_network
from tests.sweeps.local_launches import ROOT, SMALL, rows, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

WORDS = [
    "--space",
    "ablation",
    "--local",
    "--seeds",
    "2",
    "--set",
    *SMALL,
    "variant=flash_transformer",
]
WORDS += ["train.steps=30", "train.eval_every=30", "task.length=32"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, blank_database: Path) -> Path:  # noqa: F811
    """With one language trial, and one of recall."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(blank_database, folder / "mlflow.db")
    for name, task in (("text", "pydoc_text"), ("recall", "recall")):
        code, _, said = run_here(folder, [*WORDS, f"task.name={task}", "--name", name])
        assert code == 0, said
    return folder


def trial_of(home: Path, name: str) -> str:
    return rows(home / "ledger.db", name)[1][0].trial_id


def ask(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sweeps.generate", *words, "--home", str(home)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def ask_here(home: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """In this process; what it says."""
    capsys.readouterr()
    assert command.main([*words, "--home", str(home)]) == 0
    return capsys.readouterr().out


def test_it_goes_on_from_the_prompt_and_the_seed_decides(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trial = trial_of(home, "text")
    first = ask(home, trial, "The é ", "--length", "100")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("The é ")
    assert 90 < len(first.stdout.encode()) < 500
    assert ask_here(home, capsys, trial[:6], "The é ", "--length", "100") == first.stdout
    other = ask_here(home, capsys, trial, "The é ", "--length", "100", "--seed", "1")
    assert other != first.stdout


def test_that_the_network_is_of_another_code_is_said(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [trial_of(home, "text"), "The ", "--length", "4", "--home", str(home)]
    assert command.main(words) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(trained_network, "trial_code", lambda _: "0123456789ab")
    assert command.main(words) == 0
    assert "was trained by another focus_core (" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["0123456789ab", "x"], "no trial '0123456789ab': the report and MLflow show their ids"),
        (["TEXT", ""], "the prompt is empty"),
        (["TEXT", "x", "--seed", "7"], "has no checkpoint with seed 7"),
        (["TEXT", "x", "--seed", "-1"], "--seed: '-1' is no seed"),
        (["TEXT", "x", "--temperature", "hot"], "'hot' is no number from 0 to 100"),
        (["TEXT", "x", "--length", "many"], "--length: "),
        (["TEXT", "x", "--length", "-1"], "--length must be 0 or more, not -1"),
        (["RECALL", "x"], "this trial was trained on recall"),
        (["TEXT"], "PROMPT"),
        (["%", "x"], "no trial '%'"),
    ],
)
def test_a_wrong_question_is_told_in_a_line(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    ids = {"TEXT": trial_of(home, "text"), "RECALL": trial_of(home, "recall")}
    code = command.main([*(ids.get(word, word) for word in words), "--home", str(home)])
    shown = capsys.readouterr()
    assert code == 2
    assert shown.out == ""
    assert len(shown.err.splitlines()) == 1
    assert said in shown.err


def test_a_network_that_cannot_be_stepped_says_why() -> None:
    model = TrialConfig().override({"model.mixer": "hyena"}).model
    net = build_model(model, vocab_size=256, num_outputs=256, max_length=64)
    with pytest.raises(ValueError, match="no state of a fixed size"):
        generate(net, torch.tensor([1]), temperature=1.0, seed=0)


def test_without_temperature_it_is_what_the_whole_network_says() -> None:
    """Independent of the decoder: the parallel forward, again for every token."""
    model = TrialConfig().override({"model.mixer": "flash_transformer", "model.width": 16}).model
    net = build_model(model, vocab_size=20, num_outputs=20, max_length=64).eval()
    tokens = [3, 1, 4]
    tokens_of = generate(net, torch.tensor(tokens), temperature=0.0, seed=0)
    for _ in range(30):
        with torch.no_grad():
            expected = int(net(torch.tensor([tokens]))[0, -1].argmax())
        tokens.append(next(tokens_of))
        assert tokens[-1] == expected


@pytest.mark.parametrize(
    ("mixer", "most"), [("gpt2", 32), ("focus", 32), ("flash_transformer", None), ("s4", None)]
)
def test_a_text_ends_where_the_network_s_longest_sequence_ends(
    mixer: str, most: int | None
) -> None:
    model = TrialConfig().override({"model.mixer": mixer, "model.width": 16}).model
    net = build_model(model, vocab_size=20, num_outputs=20, max_length=32)
    tokens = generate(net, torch.tensor([3, 1, 4]), temperature=1.0, seed=0)
    found = list(itertools.islice(tokens, 40))
    assert len(found) == (40 if most is None else most - 3 + 1)  # the last one is not read
    if most is not None:
        with pytest.raises(ValueError, match="the prompt has 33 tokens: this network reads at"):
            generate(net, torch.zeros(33, dtype=torch.int64), temperature=1.0, seed=0)
