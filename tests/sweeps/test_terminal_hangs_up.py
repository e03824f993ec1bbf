"""A terminal that hangs up in mid-sweep stops it, as SIGHUP does; storms of signals.

The kind: every way in which a launcher may hang on its terminal, real ones all.
"""

from __future__ import annotations

import os
import pty
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.streams import ROOT
from tests.sweeps.local_launches import (
    LONG,
    MIDDLE,
    assert_all_trained_once,
    has_reported,
    rows,
    wait_until,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

SLOW = [pytest.mark.slow, pytest.mark.timeout(900)]
ON_RAY = [word for word in LONG if word != "--local"]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


WITHOUT_A_WORD = "os.setsid()"
"""The terminal does not control this session: the kernel sends no signal."""
CONTROLLED = f"{WITHOUT_A_WORD}; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
"""It does: the kernel sends SIGHUP."""
IGNORED = f"{CONTROLLED}; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
"""As ``nohup`` leaves it."""
START = """
import fcntl, os, signal, sys, termios
{session}
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


class Terminal:
    """One that is read until it hangs up."""

    def __init__(self) -> None:
        self._master, self.slave = pty.openpty()
        self._hung_up = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.said = b""

    def _read(self) -> None:
        os.set_blocking(self._master, False)
        while not self._hung_up.wait(0.01):
            with suppress(OSError):
                self.said += os.read(self._master, 65536)

    def hang_up(self) -> None:
        if not self._hung_up.is_set():
            self._hung_up.set()
            self._reader.join()
            os.close(self._master)


@contextmanager
def at_a_terminal(
    home: Path, words: list[str], session: str, *, stderr: int | None = None
) -> Iterator[tuple[subprocess.Popen[bytes], Terminal]]:
    """A launcher there, and the terminal."""
    terminal = Terminal()
    launcher = subprocess.Popen(
        [sys.executable, "-c", START.format(session=session), "sweeps/launch.py"]
        + [*words, "--home", str(home)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TERM": "xterm"},
        stdin=terminal.slave,
        stdout=terminal.slave,
        stderr=terminal.slave if stderr is None else stderr,
    )
    os.close(terminal.slave)
    try:
        yield launcher, terminal
    finally:
        launcher.kill()
        launcher.communicate()
        terminal.hang_up()


@pytest.mark.parametrize(
    ("words", "session", "stderr"),
    [
        pytest.param(LONG, WITHOUT_A_WORD, None, id="local, no signal"),
        pytest.param(LONG, WITHOUT_A_WORD, subprocess.PIPE, id="local, stdout alone"),
        pytest.param(LONG, CONTROLLED, None, id="local, SIGHUP"),
        pytest.param(ON_RAY, WITHOUT_A_WORD, None, id="Ray, no signal", marks=SLOW),
    ],
)
def test_a_terminal_that_hangs_up_stops_the_sweep(
    tmp_path: Path,
    mlflow: Mlflow,
    words: list[str],
    session: str,
    stderr: int | None,
) -> None:
    with at_a_terminal(tmp_path, words, session, stderr=stderr) as (launcher, terminal):
        wait_until(has_reported(tmp_path / "ledger.db"), "it trains")
        terminal.hang_up()
        complained = launcher.stderr.read() if launcher.stderr else b""
        assert (launcher.wait(120), complained) == (129, b"")
    stopped = [t for t in rows(tmp_path / "ledger.db")[1] if t.state == "killed"]
    assert {t.reason for t in stopped} == {"stopped by SIGHUP"}
    assert mlflow.sql("select distinct status from runs") == [("KILLED",)]


def test_a_terminal_that_may_hang_up_does_so_and_training_goes_on(
    tmp_path: Path, mlflow: Mlflow
) -> None:
    with at_a_terminal(tmp_path, MIDDLE, IGNORED) as (launcher, terminal):
        wait_until(has_reported(tmp_path / "ledger.db"), "it trains")
        terminal.hang_up()
        assert launcher.wait(200) == 0
    assert_all_trained_once(tmp_path / "ledger.db")
    assert mlflow.sql("select distinct status from runs") == [("FINISHED",)]


@pytest.mark.parametrize("seed", range(2))
def test_a_storm_of_signals_ends_without_a_traceback(
    tmp_path: Path, mlflow: Mlflow, seed: int
) -> None:
    draw = random.Random(seed)
    with at_a_terminal(tmp_path, LONG, CONTROLLED, stderr=subprocess.PIPE) as (launcher, terminal):
        wait_until(has_reported(tmp_path / "ledger.db"), "it trains")
        for _ in range(draw.randint(2, 60)):
            launcher.send_signal(draw.choice(SIGNALS))
            time.sleep(draw.choice([0, 0, 0.001, 0.05]))
        if draw.random() < 0.5:
            terminal.hang_up()
        assert launcher.stderr is not None
        complained = launcher.stderr.read()
        assert (launcher.wait(120) - 128 in SIGNALS, complained) == (True, b"")


def test_a_terminal_that_says_twice_that_it_hangs_up_leaves_time_to_close(
    tmp_path: Path, mlflow: Mlflow
) -> None:
    """The kernel sends SIGHUP, and so does the shell."""
    with at_a_terminal(tmp_path, LONG, CONTROLLED) as (launcher, terminal):
        wait_until(has_reported(tmp_path / "ledger.db"), "it trains")
        launcher.send_signal(signal.SIGHUP)
        terminal.hang_up()
        launcher.send_signal(signal.SIGHUP)
        assert launcher.wait(120) == 129
    assert mlflow.sql("select distinct status from runs") == [("KILLED",)]
