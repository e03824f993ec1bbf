"""The report of some trials, of several sweeps, of another tool's: through the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analysis.report import main
from tests.analysis.makers import MakeHome, MakeSweep
from tests.analysis.pages import sketched
from tests.analysis.summary_types import wrong_of
from tests.narrowing import known

ROWS = "method,seed,accuracy\n" + "".join(
    f"{method},{seed},{score + 0.01 * seed + 0.004 * (seed % 2) * len(method)}\n"
    for method, score in (("ours", 0.7), ("theirs", 0.5))
    for seed in range(4)
)
TABLE = ["--metric", "accuracy", "--direction", "maximize", "--parameters", "method"]


@pytest.fixture(autouse=True)
def _sketches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.page.pictures.draw", sketched)


def written(home: Path, capsys: pytest.CaptureFixture[str], *words: str) -> Path:
    """The folder of the report that the command says it wrote."""
    assert main(["--home", str(home), *words]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return Path(said.out.splitlines()[-1].removeprefix("Report: ")).parent


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text())
    assert wrong_of(found) == []
    return found


def test_what_was_left_out_stands_on_every_form(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    """One trial is left, and nothing can be compared: it is said all the same."""
    home = ledger(tmp_path, grid())
    whole = written(home, capsys)
    words = ["model.bin_length=16", "model.nfft_factor=2"]
    folder = written(home, capsys, "--where", words[0], "--where", words[1])
    assert folder != whole
    sentence = f"Only trials with {' and '.join(words)}: 1 of 12"
    assert any(sentence in word for word in summary(folder)["cards"]["verdict"]["words"])
    assert sentence in (folder / "index.html").read_text()
    assert sentence.replace("_", "\\_") in (folder / "report.md").read_text()
    assert not any("Only trials" in word for word in summary(whole)["cards"]["verdict"]["words"])


def test_two_sweeps_side_by_side(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "python sweeps/launch.py --space nfft_bins --name"
    home = ledger(tmp_path, *(grid(name, command=f"{command} {name}") for name in ("a", "b", "c")))
    folder = written(home, capsys, "--compare", "a", "b", "--where", "model.bin_length=16")
    found = summary(folder)
    assert found["sweep"]["name"] == "a and b"
    assert found["sweep"]["axes"][0] == {
        "key": "sweep",
        "kind": "categorical",
        "choices": ["a", "b"],
    }
    assert found["cards"]["verdict"]["data"]["reference"] == "sweep=a bin_length=16 nfft_factor=2"
    words = found["cards"]["verdict"]["words"]
    assert any("Only trials with model.bin_length=16: 6 of 24" in word for word in words)
    same = ["--compare", "a", "b", "--ask", "sweep=a = sweep=b within 0.01"]
    assert main(["--home", str(home), *same]) == 0
    capsys.readouterr()
    for words, said in (
        (["--compare", "a"], "two sweeps or more"),
        (["--compare", "a", "zz"], "no sweep called 'zz'"),
        (["--compare", "a", "b", "--sweep", "c"], "leave --sweep out"),
    ):
        assert main(["--home", str(home), *words]) == 2
        assert said in capsys.readouterr().err


def test_what_decides_between_two_sweeps_is_a_command_for_each(
    tmp_path: Path, ledger: MakeHome, grid: MakeSweep, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "python sweeps/launch.py --space nfft_bins --name"
    a, b = (grid(name, command=f"{command} {name}") for name in ("a", "b"))
    for trial in b.trials:
        for replicate in trial.replicates:
            replicate.test = (
                known(replicate.test) + 0.05 + 0.01 * ((trial.number + replicate.seed) % 3)
            )
    home = ledger(tmp_path, a, b)
    question = "sweep=b bin_length=16 nfft_factor=2 > base"
    words = ["--compare", "a", "b", "--ask", question, "--json"]
    assert main(["--home", str(home), *words]) == 2
    plan = json.loads(capsys.readouterr().out)["plan"]
    commands = plan["command"].split(" && ")
    assert [words.split("--name ")[1].split()[0] for words in commands] == ["a", "b"]
    assert all(f"--seeds {plan['seeds']} --only" in words for words in commands)


def test_another_tools_sweep_is_brought_in_and_reported_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "runs.csv").write_text(ROWS)
    words = [
        "--margin",
        "0.03",
        "--import",
        "table",
        "--source",
        str(tmp_path / "runs.csv"),
        *TABLE,
    ]
    folder = written(tmp_path, capsys, *words)
    found = summary(folder)
    assert found["metric"]["margin"] == 0.03
    assert found["cards"]["verdict"]["data"]["tally"]["worse"] == 1
    assert any("one score each" in sentence for sentence in found["cards"]["verdict"]["words"])
    assert main(["--home", str(tmp_path), "--ask", "ours > theirs by 0.1"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("yes: ours > theirs by 0.1; +0.196 accuracy")
    assert "one score each" in said


def test_it_may_be_asked_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "runs.csv").write_text(ROWS)
    source = ["--import", "table", "--source", str(tmp_path / "runs.csv"), *TABLE]
    home = ["--home", str(tmp_path / "home")]
    assert main(["--ask", "theirs > ours", *source, *home]) == 1
    assert "no: theirs > ours" in capsys.readouterr().out
    assert not (tmp_path / "home" / "reports").exists()
    assert main(["--ask", "theirs > ours", *source, *home]) == 3
    assert "already: choose another --name" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--import"], "--import"),
        (["--import", "tabel"], "did you mean table?"),
        (["--import", "table"], "--source is missing, such as --import optuna"),
        (["--sweep", "a", "--import", "table"], "leave --sweep and --compare out"),
        (["--import", "table", "--source", "none.csv"], "no file at"),
        (["--import", "optuna", "--source", "sqlite:///none.db"], "none.db"),
    ],
)
def test_an_import_that_cannot_be_gets_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--home", str(tmp_path / "home"), *words]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert said in captured.err
    assert not (tmp_path / "home").exists()
