"""The Slurm job's script without a Slurm: what it refuses, and what it does with signals and codes.

Slurm's programs, Ray and the launcher are stand-ins of a few lines. ``tests/cluster/slurm`` has the
real ones.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCRIPTS = ["slurm.sbatch", "slurm_node.sh"]
STAND_INS = {
    "srun": 'while [[ $1 == --* ]]; do shift; done; echo $$ >"$WORK/step"; exec "$@"',
    "scancel": 'kill -TERM "$(<"$WORK/step")"',
    "scontrol": 'echo "$@" >>"$WORK/asked"; exit "${SCONTROL:-0}"',
    "ray": 'echo "$@" >>"$WORK/ray"; [ -z "$RAY_ENDS" ] || exit 1; '
    'trap "[ -n \\"$RAY_IS_DEAF\\" ] || exit 0" TERM; '
    "while :; do sleep 60 &>/dev/null & wait; done",
    "python": """
case $1 in
    cluster/slurm_ports.py) exec "$PYTHON" "$@" ;;
    cluster/slurm_wait.py)
        [ -z "$NO_RAY" ] || exec sleep 60
        until [ -s "$WORK/ray" ]; do sleep 0.02; done ;;
    sweeps/launch.py)
        echo "$@" >>"$WORK/launched"
        trap 'exit 143' TERM
        [ -n "$LAUNCHER" ] || { sleep 60 &>/dev/null & wait; }
        exit "$LAUNCHER" ;;
esac
""",
}


@dataclass
class Job:
    """The script in a project's folder of its own."""

    work: Path

    def start(self, **variables: str) -> subprocess.Popen[str]:
        given = {
            "PATH": f"{self.work / 'bin'}:/usr/bin:/bin",
            "WORK": str(self.work),
            "PYTHON": sys.executable,
            "FOCUS_HOME": str(self.work / "home"),
            "SLURM_JOB_ID": str(os.getpid()),
            "SLURM_JOB_NODELIST": "here",
            "SLURM_NNODES": "1",
            "SLURM_NODEID": "0",
            "SLURM_CPUS_ON_NODE": "3",
            "RAY_ENDS": "",
            "RAY_IS_DEAF": "",
            "NO_RAY": "",
            "LAUNCHER": "",
        }
        return subprocess.Popen(
            ["bash", ROOT / "cluster" / "slurm.sbatch", "--space", "order"],
            cwd=self.work,
            env={k: v for k, v in (given | variables).items() if v != "unset"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def said(self, name: str) -> str:
        path = self.work / name
        return path.read_text() if path.exists() else ""


@pytest.fixture
def job(tmp_path: Path) -> Iterator[Job]:
    for name, text in STAND_INS.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{text}\n")
        path.chmod(0o755)
    (tmp_path / "sweeps").mkdir()
    (tmp_path / "sweeps" / "launch.py").touch()
    (tmp_path / "cluster").symlink_to(ROOT / "cluster")
    (tmp_path / "home").mkdir()
    yield Job(tmp_path)
    assert list(Path("/tmp").glob(f"r{os.getpid()}.*")) == []
    assert list((tmp_path / "home").iterdir()) == []


def finished(process: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        said, _ = process.communicate(timeout=20)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode, said


def wait_for(holds: Callable[[], object]) -> None:
    until = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"FOCUS_HOME": "unset"}, "FOCUS_HOME is not set: export the name of a folder"),
        ({"FOCUS_HOME": ""}, "FOCUS_HOME is not set"),
        ({"FOCUS_HOME": "/not/there"}, "there is no folder /not/there (FOCUS_HOME): make it first"),
        ({"PATH": "/usr/bin:/bin"}, "no Python that runs"),
    ],
)
def test_it_refuses_in_one_line(job: Job, variables: dict[str, str], says: str) -> None:
    if variables.get("PATH"):
        (job.work / "bin" / "python").write_text("#!/bin/sh\nexit 127\n")
        variables = {}
    code, said = finished(job.start(**variables))
    assert (code, len(said.splitlines())) == (2, 1), said
    assert said.startswith(f"slurm.sbatch: {says}")
    assert job.said("ray") == ""


def test_it_refuses_another_folder(job: Job) -> None:
    (job.work / "sweeps" / "launch.py").unlink()
    code, said = finished(job.start())
    assert (code, len(said.splitlines())) == (2, 1)
    assert "is not the project's folder: submit from there" in said


@pytest.mark.parametrize("code", [0, 1, 2, 75])
def test_it_ends_with_the_launchers_code(job: Job, code: int) -> None:
    ended, said = finished(job.start(LAUNCHER=str(code)))
    assert ended == code, said
    assert f"the launcher ended with {code}" in said
    assert "sweeps/launch.py --space order --address" in job.said("launched")
    assert job.said("asked") == ""
    ray = job.said("ray")
    assert "start --num-cpus=3 --num-gpus=0" in ray
    assert "--head" in ray


@pytest.mark.parametrize(
    ("number", "comes_back"), [(signal.SIGUSR1, True), (signal.SIGTERM, False)]
)
def test_a_signal_stops_the_launcher_and_only_the_time_limit_asks_to_come_back(
    job: Job, number: int, comes_back: bool
) -> None:
    process = job.start()
    wait_for(lambda: job.said("launched"))
    process.send_signal(number)
    code, said = finished(process)
    assert code == 143, said
    assert f"the launcher ended with 143 at {said.split(' at ')[-1]}" in said
    assert f"after {signal.Signals(number).name}" in said
    assert job.said("asked") == (f"requeue {os.getpid()}\n" if comes_back else "")


def test_work_that_is_done_at_the_time_limit_does_not_come_back(job: Job) -> None:
    launch = (job.work / "bin" / "python").read_text().replace("exit 143", "exit 0")
    (job.work / "bin" / "python").write_text(launch)
    process = job.start()
    wait_for(lambda: job.said("launched"))
    process.send_signal(signal.SIGUSR1)
    code, said = finished(process)
    assert code == 0, said
    assert job.said("asked") == ""


def test_a_time_limit_before_ray_is_there_does_not_come_back_for_ever(job: Job) -> None:
    process = job.start(NO_RAY="1")
    wait_for(lambda: job.said("ray"))
    process.send_signal(signal.SIGUSR1)
    code, said = finished(process)
    assert code == 143, said
    assert "ask for more with --time" in said
    assert (job.said("asked"), job.said("launched")) == ("", "")


def test_where_slurm_takes_no_job_back_it_says_how_to_go_on(job: Job) -> None:
    process = job.start(SCONTROL="1")
    wait_for(lambda: job.said("launched"))
    process.send_signal(signal.SIGUSR1)
    code, said = finished(process)
    assert code == 143
    assert "the same command again goes on" in said


def test_a_ray_that_does_not_start_ends_the_job(job: Job) -> None:
    began = time.monotonic()
    code, said = finished(job.start(NO_RAY="1", RAY_ENDS="1"))
    assert code == 1, said
    assert "has ended by itself (exit code 1)" in said
    assert time.monotonic() - began < 20, "it does not wait for the nodes"
    assert job.said("launched") == ""


def test_a_ray_that_does_not_end_is_killed_in_time(job: Job) -> None:
    """As on a node whose first node has lost its power. Slurm's own SIGKILL comes after 30 s."""
    began = time.monotonic()
    code, said = finished(job.start(LAUNCHER="0", RAY_IS_DEAF="1"))
    assert code == 0, said
    assert 10 <= time.monotonic() - began < 18


def test_ports_are_different_and_free() -> None:
    words = [sys.executable, str(ROOT / "cluster" / "slurm_ports.py"), "2"]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert len(set(found)) == 2
    for port in found:
        with socket.socket() as free:
            free.bind(("", int(port)))


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_parse(name: str) -> None:
    subprocess.run(["bash", "-n", ROOT / "cluster" / name], check=True)
    assert "\nset -u\n" in (ROOT / "cluster" / name).read_text()
