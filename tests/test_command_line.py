"""How every command answers: through a shell, with FOCUS_DEBUG, and when nobody foresaw it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps import launch
from sweeps.commands import settings
from sweeps.commands.command_line import answer, counted, one_line

ROOT = Path(__file__).parent.parent
COMMANDS = (
    ["sweeps/launch.py", "--space", "nfft_bin"],
    ["analysis/report.py", "--sweap", "x"],
    ["sweeps/audit.py", "--home", ""],
    ["-m", "sweeps.ui", "--port", "http"],
)


def start(words: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("FOCUS_", "MLFLOW_"))}
    words = [str(ROOT / word) if word.endswith(".py") else word for word in words]
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=clean | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_bad_input_from_a_shell(words: list[str], tmp_path: Path) -> None:
    done = start(words, tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_a_traceback_when_asked_for(words: list[str], tmp_path: Path) -> None:
    done = start(words, tmp_path, FOCUS_DEBUG="1")
    assert done.returncode == 2
    assert done.stderr.startswith("Traceback")
    assert done.stderr.splitlines()[-1].startswith(
        words[-3 if words[0] == "-m" else 0].split("/")[-1]
    )


def test_what_nobody_foresaw_is_a_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise TypeError("one\ntwo http://user:hunter2@host/")

    monkeypatch.setattr("sweeps.launching.command.make_plan", broken)
    assert launch.main(["--space", "order"]) == 1
    said = capsys.readouterr().err
    assert said == (
        "launch.py: unexpected TypeError: one two http://***@host/ (FOCUS_DEBUG=1 shows where)\n"
    )
    monkeypatch.setenv("FOCUS_DEBUG", "1")
    assert launch.main(["--space", "order"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("Traceback")
    assert "hunter2" not in said


def test_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    assert answer("x.py", interrupted) == 130
    assert capsys.readouterr().err == "x.py: interrupted\n"


def test_what_is_counted_is_one_or_several() -> None:
    told = [counted(n, "seed") for n in (0, 1, 2, 1_000_000, 1.0, 0.5)]
    assert told == ["0 seeds", "1 seed", "2 seeds", "1000000 seeds", "1 seed", "0.5 seeds"]


def test_a_line_steers_no_terminal() -> None:
    assert one_line("a\x1b[2Jb\r\nc\u202ed\udcff") == r"a\x1b[2Jb c\u202ed\udcff"


def test_every_number_in_the_environment_is_checked_at_the_start() -> None:
    sources = [p.read_text() for p in (ROOT / "sweeps").rglob("*.py") if p.stem != "settings"]
    used = {name for text in sources for name in re.findall(r'number\(\s*"(FOCUS_\w+)"', text)}
    assert used
    assert used <= set(settings.NUMBERS)
