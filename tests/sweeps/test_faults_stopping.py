"""Signals and the deaths of Ray's servers; slow: minutes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sweeps.launching import (
    assert_the_law_holds,
    assert_the_same_command_goes_on,
    faults,
    finish,
    in_the_middle,
    kill_one,
    left_of,
    nothing_outlives_a_test,  # noqa: F401  a fixture
    read,
    start,
    under,
    wait_for,
)
from tests.sweeps.mlflow_database import Mlflow, blank_database, fresh_mlflow  # noqa: F401  fixtures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CLUSTER = """
import sys
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
print(cluster.address, flush=True)
sys.stdin.readline()
cluster.remove_node(nodes[0], allow_graceful=False)
cluster.add_node(num_cpus=1)
sys.stdin.readline()
cluster.shutdown()
"""
COLLECTS_GARBAGE = """
import gc, sys
from sweeps import launch
from sweeps.launching import run
from sweeps.workers.on_ray import ray_watch

def drives(*a, drive=run._drive, **k):
    try:
        return drive(*a, **k)
    finally:
        gc.collect()  # Python does so at any time

run._drive = drives
ray_watch.LOOK_SECONDS = 0.1  # sooner than Tune frees the placement groups of the lost workers
sys.exit(launch.main(own_process=True))
"""


@pytest.mark.parametrize(("program", "called"), [("gcs_server", "GCS"), ("raylet", "raylet")])
def test_kill_9_of_a_server_of_ray(
    tmp_path: Path, mlflow: Mlflow, program: str, called: str
) -> None:
    assert_the_sweep_survives(start(tmp_path), mlflow, program, called)


def test_garbage_is_collected_when_ray_is_dead(tmp_path: Path, mlflow: Mlflow) -> None:
    """Tune's placement groups are removed by a finaliser, which waits for a dead GCS."""
    launcher = start(tmp_path, program=("-c", COLLECTS_GARBAGE))
    assert_the_sweep_survives(launcher, mlflow, "raylet", "raylet")


def assert_the_sweep_survives(
    launcher: subprocess.Popen[str], mlflow: Mlflow, program: str, called: str
) -> None:
    """kill -9 of a server of Ray ends the launch with one line, and the same command goes on."""
    wait_for(mlflow.folder, in_the_middle)
    processes = under(launcher.pid)
    kill_one(launcher, program)
    began = time.monotonic()
    said = finish(launcher)
    assert time.monotonic() - began < 30
    assert launcher.returncode == 1, said
    assert said.strip().splitlines()[-1].startswith(f"launch.py: Ray is gone: its {called} "), said
    assert "Traceback" not in said
    assert left_of(processes, seconds=5) == []
    assert {t.state for t in read(mlflow.folder)[0]} <= {"complete", "killed", "waiting"}
    assert mlflow.sql("select count(*) from runs where status = 'RUNNING'") == [(0,)]
    assert_the_same_command_goes_on(mlflow)


@pytest.mark.parametrize("whole_group", [False, True])
def test_the_terminal_goes_away(tmp_path: Path, mlflow: Mlflow, whole_group: bool) -> None:
    """A closing terminal sends SIGHUP to Ray's processes too."""
    launcher = start(tmp_path, own_group=True)
    wait_for(tmp_path, in_the_middle)
    processes = under(launcher.pid)
    (os.killpg if whole_group else os.kill)(launcher.pid, signal.SIGHUP)
    said = finish(launcher, timeout=60)
    assert launcher.returncode == 129, said
    assert "Traceback" not in said
    assert left_of(processes, seconds=5) == []
    stopped = [t for t in read(tmp_path)[0] if t.state == "killed"]
    assert {t.reason for t in stopped} == {"stopped by SIGHUP"}
    assert_the_same_command_goes_on(mlflow)


def test_a_second_interrupt_ends_at_once(tmp_path: Path, mlflow: Mlflow) -> None:
    launcher = start(tmp_path)
    wait_for(tmp_path, in_the_middle)
    processes = under(launcher.pid)
    os.kill(launcher.pid, signal.SIGINT)
    time.sleep(0.3)
    os.kill(launcher.pid, signal.SIGINT)
    began = time.monotonic()
    said = finish(launcher, timeout=60)
    assert launcher.returncode == 130, said
    assert time.monotonic() - began < 8
    assert "Traceback" not in said
    assert left_of(processes, seconds=5) == []
    assert_the_same_command_goes_on(mlflow)


def test_trial_after_trial_lost_stops_the_sweep(tmp_path: Path, mlflow: Mlflow) -> None:
    settings = {"FOCUS_MAX_LOST": "1", **faults(tmp_path, {"*": "leave"}, once=False)}
    launcher = start(tmp_path, "--max-concurrent", "1", env=settings)
    said = finish(launcher, timeout=200)
    assert launcher.returncode == 1, said
    assert "launch.py: the sweep stops: 1 trial lost in a row, the last: its worker" in said
    rows = read(tmp_path)[0]
    assert (rows[0].state, rows[0].retries) == ("failed", 3)
    assert rows[0].reason == "its worker was lost 4 times"
    assert {t.state for t in rows[1:]} <= {"waiting", "killed"}
    assert_the_same_command_goes_on(mlflow, "--retry-failed")


@pytest.fixture
def cluster() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "RAY_AUTH_MODE": "disabled"},
    )
    yield process
    processes = under(process.pid)
    process.communicate("\n\n", timeout=60)
    left_of(processes, seconds=5)


def test_a_node_dies_and_its_trials_go_on_elsewhere(
    tmp_path: Path, mlflow: Mlflow, cluster: subprocess.Popen[str]
) -> None:
    assert cluster.stdout is not None
    assert cluster.stdin is not None
    address = cluster.stdout.readline().strip()
    launcher = start(tmp_path, "--address", address, RAY_AUTH_MODE="disabled")
    wait_for(tmp_path, lambda rows: sum(t.state == "running" and t.step >= 10 for t in rows) == 2)
    cluster.stdin.write("\n")
    cluster.stdin.flush()
    said = finish(launcher, timeout=200)
    assert launcher.returncode == 0, said
    assert_the_law_holds(mlflow)
    assert sum(t.retries for t in read(tmp_path)[0]) >= 1
    assert "to be retried" in said
    assert "(its host was lost)" in said
