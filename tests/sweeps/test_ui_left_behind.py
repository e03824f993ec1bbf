"""What ``sweeps.ui`` leaves behind, however it ends: no process of MLflow's server."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeps import ui
from sweeps.machine.process_identity import began
from sweeps.showing.mlflow_server import KEEPER
from sweeps.showing.tracking import connect
from sweeps.showing.tracking.runs import SweepRuns
from sweeps.workers.on_ray.processes import below
from tests.sweeps.listener_rows import ended, make_sweep
from tests.sweeps.local_launches import ROOT, wait_until
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

SERVERS = {
    "plain": "sleep 100",
    "with workers": "sleep 100 & sleep 100 & wait",
    "deaf": "trap '' TERM; sleep 100 & wait",
    "whose workers are deaf": "(trap '' TERM; sleep 100) & sleep 100",
    "ended by itself": "sleep 100 & sleep 0.5",
}
STARTER = "import subprocess, sys\n"
STARTER += "subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, start_new_session=True)\n"
STARTER += "sys.stdin.read()\n"

Family = dict[int, str | None]


def family(process: subprocess.Popen[str]) -> Family:
    """What ``process`` has started, and when each began."""
    return {pid: began(pid) for pid in below(process.pid)}


def alive(members: Family) -> Family:
    return {pid: start for pid, start in members.items() if start and began(pid) == start}


def started(words: list[str]) -> subprocess.Popen[str]:
    """A program that starts these words and waits."""
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, *words], stdin=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("kept", [True, False])
def test_a_server_is_left_behind_by_a_killed_starter_unless_it_is_kept(
    server: str, *, kept: bool
) -> None:
    """Negative control: without its keeper, it is found alive."""
    words = ["sh", "-c", SERVERS[server]]
    process = started([sys.executable, "-I", "-S", "-c", KEEPER, *words] if kept else words)
    with process:
        wait_until(lambda: len(family(process)) > kept, "the server runs", 30)
        time.sleep(0.3)  # for its workers
        members = family(process)
        process.kill()
        process.wait()
        if kept:
            wait_until(lambda: not alive(members), "nothing is left", 20)
        elif server != "ended by itself":
            time.sleep(0.5)
            assert alive(members)
        for pid in alive(members):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def home(blank_database: Path, tmp_path: Path) -> Path:  # noqa: F811
    """With a trial to show."""
    shutil.copy(blank_database, tmp_path / "mlflow.db")
    client, sweep = connect(f"sqlite:///{tmp_path / 'mlflow.db'}"), make_sweep()
    SweepRuns(client, sweep, tmp_path / "artifacts").mirror(sweep, ended(0, value=0.5), [])
    return tmp_path


@pytest.fixture
def shown(home: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The interface, which answers, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["--home", str(home), "--no-browser", "--port", str(port)]
    process = subprocess.Popen(
        [sys.executable, "-m", "sweeps.ui", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("http://")
        yield process, port
        process.kill()


def storm(process: subprocess.Popen[str]) -> None:
    """Signals of every kind, quicker than anything can end."""
    chance = random.Random(0)
    for _ in range(40):
        if process.poll() is None:
            process.send_signal(chance.choice([signal.SIGINT, signal.SIGTERM, signal.SIGHUP]))
        time.sleep(0.02)


@pytest.mark.parametrize("how", ["kill -9", "Ctrl-C twice", "hung up", "a storm of signals"])
def test_nothing_of_the_server_is_left_behind(
    shown: tuple[subprocess.Popen[str], int], how: str
) -> None:
    process, port = shown
    members = family(process)
    assert len(alive(members)) >= 2  # negative control: keeper and server are found
    if how == "kill -9":
        process.kill()
    elif how == "Ctrl-C twice":
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
    elif how == "hung up":
        process.send_signal(signal.SIGHUP)
    else:
        storm(process)
    code = process.wait(60)
    wait_until(lambda: not alive(members), "nothing is left", 20)
    ui.check_port(port)
    if how != "kill -9":
        assert process.stderr is not None
        assert (code, process.stderr.read()) == (0, "")
