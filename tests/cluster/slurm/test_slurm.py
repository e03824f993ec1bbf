"""The project's Slurm job on a real Slurm: it ends, is stopped, loses nodes, and goes on."""

from __future__ import annotations

import re
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cluster.conftest import need
from tests.cluster.slurm.hosts import wait_until
from tests.cluster.slurm.lab import Lab, environment, slurm
from tests.sweeps.launching import faults
from tests.sweeps.local_launches import SMALL

pytestmark = pytest.mark.cluster

ENDS = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL")
OURS = re.compile(r"raylet|gcs_server|ray::|launch\.py|slurm_node\.sh")


@pytest.fixture(scope="module")
def slow(lab: Lab) -> dict[str, str]:
    """The environment of a job whose trials sleep 0.6 s a step, on any machine alike."""
    found = faults(lab.folder, {"*": "slow"}, once=False)
    return {**found, "FOCUS_CHECKPOINT_SECONDS": "1"}


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    need("slurmctld", "slurmd", "munged", "srun", package="slurm-wlm munge")
    need("ip", "nsenter", "unshare", package="iproute2 util-linux")
    with slurm({"n1": 2, "n2": 1}) as running:
        yield running


def sweep(*, trials: int, steps: int) -> list[str]:
    budget = [f"train.steps={steps}", "train.eval_every=2"]
    question = ["--space", "nfft_bins", "--seeds", "1", "--trials", str(trials)]
    return [*question, "--gpus-per-trial", "0", "--set", *SMALL, *budget]


SHORT = sweep(trials=3, steps=4)
MIDDLE = sweep(trials=3, steps=50)
LONG = sweep(trials=3, steps=80)
"""Takes 96 s and more, where trials are slow and two run at once."""
ENDLESS = sweep(trials=3, steps=10_000)


def column(home: Path, query: str) -> list[object]:
    with closing(sqlite3.connect(f"file:{home}/ledger.db?mode=ro", uri=True)) as ledger:
        return [row[0] for row in ledger.execute(query)]


def steps(home: Path) -> int:
    """How many steps the trials have reported; 0 where there is no ledger yet."""
    try:
        return sum(int(str(step)) for step in column(home, "select step from trials"))
    except sqlite3.OperationalError:
        return 0


def wait_for_steps(lab: Lab, job: str, home: Path, least: int = 1) -> None:
    def has_come() -> bool:
        state = lab.state(job)
        assert state not in ENDS, f"{state}: {lab.said(job)}"
        return steps(home) >= least

    wait_until(has_come, f"job {job} trains", 120)


def assert_left_in_order(lab: Lab, home: Path) -> str:
    """Nothing of the job runs on any node, and nothing disagrees with the ledger."""

    def left() -> list[str]:
        return [
            f"{name}: {line}"
            for name, host in lab.network.hosts.items()
            for line in host.programs().splitlines()
            if OURS.search(line)
        ]

    wait_until(lambda: not left(), "no process of the job is left", 45)
    for name in ("n1", "n2"):
        assert not re.findall(r"^r\d+\..*", lab[name].run("ls", "/tmp"), re.MULTILINE)
    assert list(home.glob(".slurm-*")) == []
    return lab.audited(home)


def test_two_nodes_and_the_same_command_again(lab: Lab) -> None:
    home = lab.home("two-nodes")
    job = lab.submit(home, ["--nodes=2", "--cpus-per-task=1", "--gres=gpu:1"], SHORT)
    assert lab.wait_for(job, *ENDS) == "COMPLETED", lab.said(job)
    assert re.search(r"Ray has 2 of 2 nodes after \d+ s: 2 CPUs, 2 GPUs", lab.said(job))
    assert "3 trials (3 complete)" in assert_left_in_order(lab, home)
    trained = column(home, "select seconds from trials")
    again = lab.submit(home, ["--nodelist=n1", "--cpus-per-task=2"], SHORT)
    assert lab.wait_for(again, *ENDS) == "COMPLETED", lab.said(again)
    assert re.search(r"Ray has 1 of 1 nodes after \d+ s: 2 CPUs, 0 GPUs", lab.said(again))
    assert "started" not in lab.said(again)
    assert_left_in_order(lab, home)
    assert column(home, "select seconds from trials") == trained
    assert column(home, "select exit_code from launches") == [0, 0]


def test_before_the_time_limit_it_stops_cleanly_and_comes_back(
    lab: Lab, slow: dict[str, str]
) -> None:
    home = lab.home("time-limit")
    limit = ["--time=2", "--signal=B:USR1@30"]
    job = lab.submit(home, ["--nodelist=n1", "--cpus-per-task=2", *limit], LONG, **slow)
    wait_until(lambda: lab.field(job, "Restarts") == "1", "the time limit", 150)
    assert "the launcher ended with 143" in lab.said(job)
    assert "after SIGUSR1" in lab.said(job)
    assert "killed" in assert_left_in_order(lab, home)
    lab.asked("scontrol", "update", f"jobid={job}", "TimeLimit=10")
    assert lab.wait_for(job, "COMPLETED", "FAILED", "TIMEOUT", seconds=300) == "COMPLETED"
    assert "3 trials (3 complete)" in assert_left_in_order(lab, home)
    assert column(home, "select exit_code from launches order by id") == [143, 0]
    assert column(home, "select retries from trials") == [0, 0, 0]


def test_two_jobs_share_a_node_and_one_is_cancelled(lab: Lab, slow: dict[str, str]) -> None:
    kept, cancelled = lab.home("kept"), lab.home("cancelled")
    here = ["--nodelist=n1", "--cpus-per-task=1"]
    goes_on = lab.submit(kept, here, MIDDLE, **slow)
    job = lab.submit(cancelled, here, ENDLESS, **slow)
    wait_for_steps(lab, job, cancelled)
    wait_for_steps(lab, goes_on, kept)
    assert_locked(lab)
    lab.asked("scancel", job)
    assert lab.wait_for(job, *ENDS) == "CANCELLED"
    wait_until(lambda: "the launcher ended" in lab.said(job), "the launcher ends", 45)
    assert "the launcher ended with 143" in lab.said(job)
    assert "killed" in lab.audited(cancelled)
    assert column(cancelled, "select exit_code from launches") == [143]
    assert lab.wait_for(goes_on, *ENDS) == "COMPLETED", lab.said(goes_on)
    assert column(kept, "select retries from trials") == [0, 0, 0]
    assert "3 trials (3 complete)" in assert_left_in_order(lab, kept)


def assert_locked(lab: Lab) -> None:
    """Ray answers nobody without the token of its job, also not on the node that runs it."""
    found = re.search(r"(\d+) .*gcs_server.*--gcs_server_port=(\d+)", lab["n1"].programs())
    assert found is not None
    pid, port = found.groups()
    told = lab["n1"].run("sed", "-z", "-n", "s/^RAY_AUTH_TOKEN=//p", f"/proc/{pid}/environ")
    address = f"{lab['n1'].address}:{port}"
    for token, answers in ((told.strip("\0"), True), ("0" * 64, False), ("", False)):
        given = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token} if token else {}
        variables = [f"{name}={value}" for name, value in environment(**given).items()]
        ask = ["env", "-i", *variables, "ray", "health-check", "--address", address]
        done = subprocess.run(lab["n1"].words(*ask), capture_output=True, check=False)
        assert (done.returncode == 0) == answers, done.stderr


@pytest.mark.parametrize("victim", ["n2", "n1"])
def test_a_node_loses_power_and_the_job_goes_on(
    lab: Lab, slow: dict[str, str], victim: str
) -> None:
    """n1 runs the launcher and the head of Ray, n2 a part of the trials."""
    home = lab.home(f"power-cut-{victim}")
    job = lab.submit(home, ["--nodes=2", "--cpus-per-task=1"], MIDDLE, **slow)
    wait_for_steps(lab, job, home, least=20)
    lab[victim].cut_power()
    wait_until(lambda: int(lab.field(job, "Restarts")) == 1, "Slurm takes the job back", 90)
    lab[victim].boot()
    assert lab.wait_for(job, "COMPLETED", "FAILED", "CANCELLED", seconds=300) == "COMPLETED"
    assert "3 trials (3 complete)" in assert_left_in_order(lab, home)
    assert column(home, "select exit_code from launches order by id")[-1] == 0
    assert set(column(home, "select host from attempts")) == {"n1", "n2"}
    assert column(home, "select step from attempts where step > 0"), "from a checkpoint"


def test_a_node_that_does_not_see_the_home_is_named(lab: Lab) -> None:
    lab["n1"].run("mkdir", "/tmp/home-of-n1")
    job = lab.submit(Path("/tmp/home-of-n1"), ["--nodes=2", "--cpus-per-task=1"], SHORT)
    assert lab.wait_for(job, *ENDS) == "FAILED"
    assert lab.field(job, "ExitCode") == "2:0"
    assert "n2 does not see the folder /tmp/home-of-n1 (FOCUS_HOME)" in lab.said(job)
    assert lab["n1"].run("ls", "-A", "/tmp/home-of-n1") == ""


def test_a_lab_leaves_nothing() -> None:
    """The network of hosts by itself, and a control: while it is there, it is seen."""
    need("slurmctld", "slurmd", "munged", "srun", package="slurm-wlm munge")
    before = traces()
    with slurm({"n1": 1}) as lab:
        during = traces()
        assert len(during["processes"]) > len(before["processes"])
        assert len(during["networks"]) == len(before["networks"]) + 2
        lab["n1"].run("true")
    wait_until(lambda: traces() == before, f"{traces()} is {before}", 20)


def traces() -> dict[str, set[str]]:
    """What a lab could leave on this machine."""
    processes, networks = set(), set()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            networks.add(str((place / "ns" / "net").readlink()))
        except OSError:
            continue
        if re.search(r"slurm|munged|boot-n", words) and "pytest" not in words:
            processes.add(f"{place.name} {words}")
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    return {
        "processes": processes,
        "networks": networks,
        "mounts": {line for line in mounts if "slurm" in line},
        "cgroups": set(map(str, Path("/sys/fs/cgroup").glob("*/slurm*"))),
        "folders": set(map(str, Path("/var/tmp").glob("slurm-*"))),
    }
