"""``launch.main`` called from other programs: it works, and nothing of the caller's has changed.

The kind: a thread, a program with its own Ray, a notebook, warnings that are errors, an ASCII
terminal, each with and without Ray.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sweeps.workers.on_ray.processes import below
from tests.streams import ROOT, ask
from tests.sweeps.calling_program import SITUATIONS
from tests.sweeps.local_launches import LONG, TINY, has_reported, rows, wait_until
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

SLOW = [pytest.mark.slow, pytest.mark.timeout(900)]
PROGRAM = "tests/sweeps/calling_program.py"
ASCII = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
LATIN = {"PYTHONIOENCODING": "latin-1"}
STRICT = {"PYTHONWARNINGS": "error"}
QUESTION = ["--space", "nfft_bins", "--dry-run", "--set"]
MAIN = "import sys; from sweeps.launch import main; sys.exit(main(sys.argv[1:]))"


def on_ray(words: list[str]) -> list[str]:
    return [word for word in words if word != "--local"]


def assert_it_worked(home: Path, mlflow: Mlflow) -> None:
    assert [t.state for t in rows(home / "ledger.db")[1]] == ["complete"] * 2
    assert mlflow.sql("select distinct status from runs") == [("FINISHED",)]


@pytest.mark.parametrize(
    ("situation", "words"),
    [
        *((name, TINY) for name in SITUATIONS),
        *(
            pytest.param(name, on_ray(TINY), marks=SLOW, id=f"{name}, on Ray")
            for name in ("notebook", "thread with a Ray")
        ),
    ],
)
def test_the_caller_finds_everything_as_it_was(
    tmp_path: Path, mlflow: Mlflow, situation: str, words: list[str]
) -> None:
    said = ask([PROGRAM, situation, *words, "--home", str(tmp_path)], timeout=400)
    assert said.code == 0, said.err
    found = json.loads(said.out.splitlines()[-1])
    codes = [0, 0] if situation == "twice" else [0]
    assert found == {"codes": codes, "changed": {}, "ended": [None]}
    assert said.err == ""
    assert_it_worked(tmp_path, mlflow)


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        pytest.param(STRICT | ASCII, TINY, id="ascii"),
        pytest.param(STRICT | LATIN, TINY, id="latin"),
        pytest.param(STRICT | ASCII, on_ray(TINY), id="all, on Ray", marks=SLOW),
    ],
)
def test_strict_warnings_and_plain_letters(
    tmp_path: Path, mlflow: Mlflow, words: list[str], environment: dict[str, str]
) -> None:
    said = ask(["-c", MAIN, *words, "--home", str(tmp_path)], timeout=400, env=environment)
    assert (said.code, said.err) == (0, "")
    assert_it_worked(tmp_path, mlflow)


@pytest.mark.parametrize("words", [["--space", "order", "--no-such"], ["--space", "no_such"]])
def test_what_is_wrong_is_refused_in_the_caller(tmp_path: Path, words: list[str]) -> None:
    """Before a process is started for it, and before anything is written."""
    said = ask(["-c", MAIN, *words, "--home", str(tmp_path / "home")], timeout=60)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert list(tmp_path.iterdir()) == []


INTERRUPTED = """
import signal, sys
from sweeps.launch import main
before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
code = main(sys.argv[1:])
assert before == (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
print("the program goes on", flush=True)
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("signals", "words"),
    [
        pytest.param([signal.SIGTERM], LONG, id="a signal"),
        pytest.param([signal.SIGINT] * 2, LONG, id="a second Ctrl-C"),
        pytest.param([signal.SIGINT] * 2, on_ray(LONG), id="a second Ctrl-C, on Ray", marks=SLOW),
        pytest.param([signal.SIGKILL], on_ray(LONG), id="kill -9, on Ray", marks=SLOW),
    ],
)
def test_signals_to_the_caller_stop_the_sweep_and_leave_the_caller(
    tmp_path: Path, mlflow: Mlflow, words: list[str], signals: list[signal.Signals]
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, *words, "--home", str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as caller:
        try:
            wait_until(has_reported(tmp_path / "ledger.db"), "it trains", seconds=280)
            started = below(caller.pid)
            for number in signals:
                caller.send_signal(number)
            said, complained = caller.communicate(timeout=120)
        finally:
            caller.kill()
    assert "Traceback" not in complained
    if signals == [signal.SIGKILL]:
        assert caller.returncode == -signal.SIGKILL
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started), "all end")
        return
    assert caller.returncode == 128 + signals[0]
    assert said.splitlines()[-1] == "the program goes on"
