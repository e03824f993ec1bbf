"""The reader of a sweep's output goes away: training goes on, with the exit code it deserves.

The kind: every stream of a launcher, gone at the start or in the middle, with and without Ray.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.streams import CLOSED, ROOT, STREAMS, ask, stream
from tests.sweeps.local_launches import MIDDLE, TINY, assert_all_trained_once, rows
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

SLOW = [pytest.mark.slow, pytest.mark.timeout(900)]
ON_RAY = [word for word in MIDDLE if word != "--local"]
STATES = "select distinct status from runs"


def launch(home: Path, words: list[str]) -> list[str]:
    return ["sweeps/launch.py", *words, "--home", str(home)]


@pytest.mark.parametrize("found", STREAMS)
@pytest.mark.parametrize("which", [["stdout"], ["stderr"], ["stdout", "stderr"]], ids="+".join)
def test_the_reader_is_gone_when_a_sweep_starts(
    tmp_path: Path, mlflow: Mlflow, which: list[str], found: str
) -> None:
    with stream(found) as number:
        said = ask(launch(tmp_path, TINY), streams=dict.fromkeys(which, number))
    assert (said.code, said.err) == (0, "")
    assert [(t.state, t.step) for t in rows(tmp_path / "ledger.db")[1]] == [("complete", 4)] * 2
    assert mlflow.sql(STATES) == [("FINISHED",)]


@pytest.mark.parametrize("closed", [*((name,) for name in CLOSED), tuple(CLOSED)], ids="+".join)
def test_a_sweep_without_streams(tmp_path: Path, mlflow: Mlflow, closed: tuple[str, ...]) -> None:
    said = ask(launch(tmp_path, TINY), closed=closed)
    assert (said.code, said.err) == (0, "")
    assert mlflow.sql(STATES) == [("FINISHED",)]


@pytest.mark.parametrize(
    ("lines", "words"),  # of the plan, of what is trained
    [(1, MIDDLE), (14, MIDDLE), pytest.param(14, ON_RAY, id="on Ray", marks=SLOW)],
)
def test_the_reader_goes_away_in_the_middle_and_training_goes_on(
    tmp_path: Path, mlflow: Mlflow, words: list[str], lines: int
) -> None:
    """As ``launch.py ... | head`` does."""
    with subprocess.Popen(
        [sys.executable, *launch(tmp_path, words)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as launcher:
        try:
            assert launcher.stdout is not None
            assert launcher.stderr is not None
            for _ in range(lines):
                assert launcher.stdout.readline()
            launcher.stdout.close()
            complained = launcher.stderr.read()
            assert (launcher.wait(200), complained) == (0, "")
        finally:
            launcher.kill()
    assert_all_trained_once(tmp_path / "ledger.db")
    assert mlflow.sql(STATES) == [("FINISHED",)]
