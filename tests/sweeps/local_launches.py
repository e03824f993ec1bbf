"""The launcher as a user starts it, without Ray: for what concerns ledger, home and lease.

A process of its own imports torch and MLflow for ten seconds. So ``run_here`` launches in this one,
as a program does that calls ``launch.main``; ``run`` and ``launched`` are for what only a process
of its own shows: its death, its streams, its environment.
"""

from __future__ import annotations

import io
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import pytest

from sweeps import launch
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Sweep, Trial

ROOT = Path(launch.__file__).parent.parent
SMALL = [
    "model.width=8",
    "model.layers=1",
    "train.warmup_steps=1",
    "train.batch_size=4",
    "task.eval_sequences=16",
    "task.test_sequences=16",
]
QUESTION = ["--space", "nfft_bins", "--local", "--seeds", "1"]
TINY = [*QUESTION, "--trials", "2", "--set", *SMALL, "train.steps=4", "train.eval_every=2"]
LONG = [*QUESTION, "--trials", "2", "--set", *SMALL, "train.steps=100000", "train.eval_every=10"]
MIDDLE = [*QUESTION, "--trials", "2", "--set", *SMALL, "train.steps=300", "train.eval_every=10"]


def changed(words: list[str], values: dict[str, str]) -> list[str]:
    """``words`` with other values for some of their flags and keys."""
    found = list(words)
    for name, value in values.items():
        if name.startswith("--"):
            found[found.index(name) + 1] = value
        else:
            (place,) = (i for i, word in enumerate(found) if word.startswith(f"{name}="))
            found[place] = f"{name}={value}"
    return found


def last_win(words: list[str]) -> list[str]:
    """Of flags and keys that are given twice only the last: the command would refuse them."""
    flags: dict[str, list[str]] = {}
    settings: dict[str, str] = {}
    flag = ""
    for word in words:
        if word.startswith("--"):
            flag = word
            flags[flag] = []
        elif flag == "--set":
            settings[word.partition("=")[0]] = word
        else:
            flags[flag].append(word)
    flags["--set"] = list(settings.values())
    return [word for name, values in flags.items() for word in (name, *values)]


def start(
    home: Path,
    words: list[str],
    *,
    before: list[str] | None = None,
    env: Mapping[str, str] | None = None,
    **environment: str,
) -> subprocess.Popen[str]:
    """Start the launcher; ``before`` are the words of a program that starts it."""
    return subprocess.Popen(
        [
            *(before or []),
            sys.executable,
            "sweeps/launch.py",
            *last_win(words),
            "--home",
            str(home),
        ],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", **(env or {}), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def launched(
    home: Path,
    words: list[str],
    *,
    before: list[str] | None = None,
    env: Mapping[str, str] | None = None,
    **environment: str,
) -> Iterator[subprocess.Popen[str]]:
    """A launcher that does not outlive the test."""
    process = start(home, words, before=before, env=env, **environment)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def run(
    home: Path,
    words: list[str],
    *,
    before: list[str] | None = None,
    env: Mapping[str, str] | None = None,
    **environment: str,
) -> tuple[int, str, str]:
    """Launch and wait: exit code, stdout, stderr."""
    process = start(home, words, before=before, env=env, **environment)
    try:
        said, complained = process.communicate(timeout=200)
    finally:
        process.kill()
        process.communicate()
    return process.returncode, said, complained


def run_here(home: Path, words: list[str], **environment: str) -> tuple[int, str, str]:
    """Launch in this process: exit code, stdout, stderr."""
    said, complained = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(complained):
        for name, value in environment.items():
            patch.setenv(name, value)
        code = launch.main([*last_win(words), "--home", str(home)])
    return code, said.getvalue(), complained.getvalue()


def rows(
    database: Path, name: str = "nfft_bins"
) -> tuple[Sweep, list[Trial], dict[int, list[int]]]:
    """The sweep, its trials, and the steps each has reported."""
    ledger = Ledger(f"sqlite:///{database}")
    try:
        sweep = ledger.find_sweep(name)
        assert sweep is not None
        trials = ledger.trials(sweep)
        reports = ledger.reports(trials)
        return sweep, trials, {row: [r.step for r in found] for row, found in reports.items()}
    finally:
        ledger.close()


def wait_until(ready: Callable[[], bool], what: str, seconds: float = 150) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if ready():
                return
        except (AssertionError, ValueError):  # there is no such row yet
            pass
        time.sleep(0.05)
    pytest.fail(f"{what}: not within {seconds:g} s")


def has_reported(database: Path, least: int = 3) -> Callable[[], bool]:
    """Whether a trial has told the ledger of ``least`` evaluations. Cheap: it is asked often."""
    query = "select 1 from reports group by trial_row having count(*) >= ?"

    def ready() -> bool:
        if not database.exists():
            return False
        with closing(sqlite3.connect(database)) as opened, suppress(sqlite3.DatabaseError):
            return opened.execute(query, (least,)).fetchone() is not None
        return False  # there is no such table yet

    return ready


def assert_one_line(complained: str, *parts: str) -> None:
    lines = complained.splitlines()
    assert len(lines) == 1, complained
    for part in ("launch.py: ", *parts):
        assert part in lines[0]


def assert_all_trained_once(database: Path, steps: int = 300, trials: int = 2) -> None:
    """Every trial complete, with every evaluation exactly once."""
    _, found, reported = rows(database)
    assert [(t.state, t.step) for t in found] == [("complete", steps)] * trials
    assert list(reported.values()) == [list(range(10, steps + 1, 10))] * trials
