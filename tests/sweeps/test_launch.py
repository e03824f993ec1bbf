from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import search_spaces
from search_spaces import load
from sweeps import launch
from sweeps.record.ledger import Ledger

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


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--seeds=1", "--cpus-per-trial=1"], "x 1 seed x 200 steps"),
        (["--seeds=2", "--cpus-per-trial=0.5"], "0.5 CPUs, 1 GPU (where there is one) a trial"),
        (["--gpus-per-trial=0"], "1 CPU, 0 GPUs a trial"),
        (["--time-budget=90m"], "a trial; at most 1:30:00 in all"),
        (["--space=baselines"], "tuned  train.learning_rate: 0.001, 0.003, 0.01, each arm's own"),
    ],
)
def test_a_plan_counts_in_words(
    words: list[str], part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    space = [] if "--space=baselines" in words else ["--space=nfft_bins"]
    assert launch.main(["--dry-run", *space, *words]) == 0
    assert part in capsys.readouterr().out


def test_what_is_hardly_wanted_is_told_with_the_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def cautions(*words: str) -> list[str]:
        assert launch.main([*words, "--home", str(tmp_path / "home")]) == 0
        lines = capsys.readouterr().out.splitlines()
        return [line.strip() for line in lines if line.strip().startswith("caution  ")]

    (carried,) = cautions("--space", "focus", "--dry-run")
    assert re.search(r"model.carry over bins .* = 8 .*\(at \d+ of \d+ points tried\)$", carried)
    assert cautions("--space", "focus", "--dry-run", "--set", "model.carry=false") == []
    short = ["--space", "nfft_bins", *TINY, "model.chunk_length=4"]
    (chunks,) = cautions("--dry-run", *short)
    assert chunks.startswith("caution  model.chunk_length = 4 leaves attention next to nothing")
    assert chunks.endswith("; use 8 or more (at every point)")
    assert cautions("--space", "nfft_bins", "--dry-run") == []
    assert cautions("--local", *short) == [chunks]  # at launch as in the dry run


def test_the_list_names_every_space_with_its_question(capsys: pytest.CaptureFixture[str]) -> None:
    assert launch.main(["--list"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == search_spaces.names()
    assert all(line.rstrip().endswith("?") for line in said)


def test_a_plan_names_few_values_and_the_list_names_all(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert launch.main(["--space", "baselines", "--dry-run", "--home", str(tmp_path)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "variant:" in line]
    shown, _, rest = line.partition(" more: --list --space baselines")
    assert rest == ""
    assert launch.main(["--list", "--space", "baselines"]) == 0
    (full,) = [line for line in capsys.readouterr().out.splitlines() if "variant:" in line]
    (variants,) = [axis for axis in load("baselines").axes if axis.key == "variant"]
    names = list(variants.values())
    assert full.strip() == f"variant: {', '.join(names)}"
    few = shown.partition("variant: ")[2].partition(" and ")
    assert few[0].split(", ") == names[:8]
    assert int(few[2]) == len(names) - 8


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
