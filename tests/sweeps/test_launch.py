from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps import launch
from sweeps.ledger import Ledger

TINY = [
    "--trials=2",
    "--seeds=1",
    "--set",
    "model.width=8",
    "model.layers=1",
    "train.steps=4",
    "train.eval_every=2",
    "train.warmup_steps=1",
    "train.batch_size=4",
    "task.eval_sequences=16",
    "task.test_sequences=16",
]

BAD = {
    "unknown space": (
        ["--space", "nfft_bin"],
        "unknown space 'nfft_bin'; did you mean 'nfft_bins'?",
    ),
    "no space": ([], "--space is missing"),
    "unknown key": (["--set", "model.widht=8"], "did you mean 'model.width'?"),
    "no such section": (["--set", "modle.width=8"], "unknown config key 'modle.width'"),
    "no value": (["--set", "model.width"], "must be KEY=VALUE"),
    "wrong kind": (["--set", "model.layers=two"], "model.layers must be an integer, not 'two'"),
    "fraction for an integer": (["--set", "train.steps=1.5"], "train.steps must be an integer"),
    "out of range": (["--set", "model.dropout=1"], r"model.dropout must be in [0, 1), not 1.0"),
    "not a word of the list": (
        ["--set", "model.filter=adaptiv"],
        "model.filter must be one of adaptive, static, ema, none",
    ),
    "unknown task": (["--set", "task.name=recal"], "did you mean 'recall'?"),
    "zero trials": (["--trials", "0"], "--trials must be 1 or more, not 0"),
    "negative trials": (["--trials", "-3"], "--trials must be 1 or more, not -3"),
    "more than the grid": (["--trials", "13"], "has 12 points; use at most 12"),
    "zero seeds": (["--seeds", "0"], "--seeds must be 1 or more, not 0"),
    "NFFT shorter than the bin": (["--set", "model.nfft=8"], "is shorter than the bin"),
    "a chunk that does not divide": (
        ["--set", "model.chunk_length=24"],
        "model.chunk_length = 24 does not divide task.length = 64: use one of 1, 2, 4, 8",
    ),
    "a pinned bin that does not divide": (["--set", "model.bin_length=5"], "does not divide"),
    "an order that is not stable": (["--set", "model.order=3"], "model.parameterisation=lattice"),
    "a leak in strict mode": (
        ["--set", "model.realisation=literal"],
        "study it with model.mode=paper",
    ),
    "a dead axis": (["--set", "model.realisation=recurrence"], "model.nfft_factor"),
    "more CPUs than exist": (["--cpus-per-trial", "4096"], "is more than the"),
    "no CPUs": (["--cpus-per-trial", "0"], "--cpus-per-trial must be above 0"),
    "negative GPUs": (["--gpus-per-trial", "-1"], "--gpus-per-trial must be 0 or more"),
    "more GPUs than exist": (["--gpus-per-trial", "64"], "--gpus-per-trial 64 is more than the"),
    "no concurrency": (["--max-concurrent", "0"], "--max-concurrent must be 1 or more"),
    "a time that is none": (["--time-budget", "soon"], "must be a time such as 90s, 10m"),
    "no time": (["--time-budget", "0s"], "must be a time such as"),
    "a name that is a path": (["--name", "../../etc/passwd"], "--name '../../etc/passwd' must be"),
    "an empty name": (["--name", " "], "--name ' ' must be 1 to 80"),
    "a long name": (["--name", "n" * 300], "must be 1 to 80"),
    "local and a cluster": (["--local", "--address", "auto"], "--local runs without Ray"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_writes_nothing(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words, message = BAD[case]
    monkeypatch.chdir(tmp_path)
    space = [] if case in ("no space", "unknown space") else ["--space", "nfft_bins"]
    code = launch.main([*space, *words, "--home", str(tmp_path / "home")])
    said = capsys.readouterr()
    assert code == 2
    assert message in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("home", ["/proc/nowhere", "file/below"])
def test_a_home_that_cannot_be_written_is_refused(
    home: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("a file, not a folder")
    code = launch.main(["--space", "nfft_bins", "--home", str(tmp_path / home)])
    said = capsys.readouterr()
    assert code == 2
    assert "cannot write to the home" in said.err
    assert said.err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_a_ledger_address_that_is_none_is_refused_without_showing_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOCUS_LEDGER_URL", "user:secret-word@host")
    assert launch.main(["--space", "nfft_bins", "--home", str(tmp_path / "home")]) == 2
    said = capsys.readouterr()
    assert "FOCUS_LEDGER_URL" in said.err
    assert "secret-word" not in said.err + said.out


def test_another_question_under_the_same_name_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--space", "nfft_bins", "--local", "--home", str(tmp_path), *TINY]
    assert launch.main(words) == 0
    capsys.readouterr()
    assert launch.main([*words, "train.learning_rate=0.5"]) == 2
    assert "train.learning_rate was 0.003, now 0.5" in capsys.readouterr().err


def test_a_dry_run_prints_the_plan_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--space", "nfft_bins", "--dry-run", "--home", str(tmp_path / "home")]
    assert launch.main(words) == 0
    said = capsys.readouterr().out
    for part in ("How many bins", "model.bin_length: 64, 32, 16, 8", "12 (grid) x", "ledger.db"):
        assert part in said
    assert list(tmp_path.iterdir()) == []


def test_the_list_names_every_space_with_its_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch.main(["--list"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == launch.search_spaces.names()
    assert all(line.rstrip().endswith("?") for line in said)


@pytest.mark.parametrize("words", [["--list"], ["--space", "focus", "--dry-run"], ["--help"]])
def test_planning_imports_neither_torch_nor_ray_nor_mlflow(words: list[str]) -> None:
    program = (
        "import sys; from sweeps import launch\n"
        f"try: launch.main({words!r})\n"
        "except SystemExit: pass\n"
        "print(sorted({'torch', 'ray', 'mlflow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_sweep_in_this_process_is_recorded_and_again_trains_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--space", "nfft_bins", "--local", "--home", str(tmp_path), *TINY]
    assert launch.main(words) == 0
    ledger = Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    sweep = ledger.find_sweep("nfft_bins")
    assert sweep is not None
    rows = ledger.trials(sweep)
    assert [t.state for t in rows] == ["complete", "complete"]
    assert sweep.finished is not None
    assert json.loads(json.dumps(sweep.base))["train.steps"] == 4
    finished = [t.finished for t in rows]
    metrics = ledger.reports(rows)[rows[0].id][-1].metrics
    assert {"loss/0", "test/0", "leak", "pole_radius_max", "window_ceiling"} <= metrics.keys()

    assert launch.main(words) == 0
    assert [t.finished for t in ledger.trials(sweep)] == finished
    ledger.close()
