"""A Slurm cluster on one machine, from Debian's packages: a login node and compute nodes.

Each compute node has a "GPU", which is /dev/null: Slurm hands it out, and nothing computes on it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sweeps import launch
from tests.cluster.slurm.hosts import NETWORK, Host, Network, wait_until

ROOT = Path(launch.__file__).parent.parent
LOGIN = "login"
CGROUPS = Path("/sys/fs/cgroup")
FREEZER = CGROUPS / "freezer"
SLURM_CONF = """
ClusterName=lab
SlurmctldHost=login
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=15
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd.%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd.%n.log
ProctrackType=proctrack/cgroup
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
ReturnToService=2
SlurmdTimeout={dead_after}
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
JobAcctGatherType=jobacct_gather/none
GresTypes=gpu
{nodes}
PartitionName=main Nodes=ALL Default=YES MaxTime=1-0 State=UP
"""
MUNGED = (
    "munged --foreground --force --key-file={0}/munge/key --socket={0}/munge/socket "
    "--pid-file={0}/run/munged.pid --log-file={0}/log/munged.log --seed-file={0}/munge/seed &"
)
DEAD_AFTER = 20
"""Seconds until Slurm calls a silent node dead (its default: 300).

A job that comes back waits for ``cred_expire``, too (its default: 120)."""


@dataclass
class Lab:
    """A running Slurm."""

    folder: Path
    network: Network

    def __getitem__(self, name: str) -> Host:
        return self.network.hosts[name]

    def home(self, name: str) -> Path:
        home = self.folder / "homes" / name
        home.mkdir(parents=True)
        return home

    def asked(self, *words: str | Path) -> str:
        """Run a command on the login node."""
        return self[LOGIN].run(*words)

    def submit(self, home: Path, options: list[str], words: list[str], **variables: str) -> str:
        """Submit the project's job script from the project's folder; returns the job's number."""
        out = f"--output={self.folder}/log/job-%j.out"
        command = ["sbatch", "--parsable", out, *options, "cluster/slurm.sbatch", *words]
        done = subprocess.run(
            self[LOGIN].words("env", "-C", ROOT, *command),
            env=environment(FOCUS_HOME=str(home), **variables),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def said(self, job: str) -> str:
        out = self.folder / "log" / f"job-{job}.out"
        return out.read_text() if out.exists() else ""

    def state(self, job: str) -> str:
        """Such as PENDING, RUNNING, COMPLETED."""
        return self.field(job, "JobState")

    def field(self, job: str, name: str) -> str:
        words = self.asked("scontrol", "--oneliner", "show", "job", job).split()
        return next(word.partition("=")[2] for word in words if word.startswith(f"{name}="))

    def wait_for(self, job: str, *states: str, seconds: float = 120) -> str:
        try:
            wait_until(lambda: self.state(job) in states, f"job {job} {states}", seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.state(job)}:\n{self.said(job)}") from None
        return self.state(job)

    def audited(self, home: Path) -> str:
        """What the audit prints on the login node; nothing may disagree."""
        audit: list[str | Path] = [sys.executable, ROOT / "sweeps" / "audit.py", "--home", home]
        return self.asked("env", f"PYTHONPATH={ROOT}", *audit)

    def wait_for_nodes(self) -> None:
        def idle() -> bool:
            told = self.asked("sinfo", "--noheader", "--Node", "--states=idle", "--format=%N")
            return len(set(told.split())) == len(self.network.hosts) - 1

        wait_until(idle, "every node is idle")


def environment(**values: str) -> dict[str, str]:
    """The variables of a user who has activated the project's environment."""
    venv = Path(sys.executable).parent
    return {
        "PATH": f"{venv}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "HOME": "/root",
        "OMP_NUM_THREADS": "1",
        "FOCUS_DATA": os.environ.get("FOCUS_DATA", ""),
        **values,
    }


@contextmanager
def slurm(nodes: Mapping[str, int]) -> Iterator[Lab]:
    """A Slurm with these nodes, and the CPUs of each, until the block ends."""
    folder = Path(tempfile.mkdtemp(prefix="slurm-", dir="/var/tmp"))
    before = set(FREEZER.glob("slurm*"))
    shared = [str(folder), str(ROOT), str(Path(sys.executable).parent.parent), sys.prefix]
    places = [f"{folder}/etc:/etc/slurm", f"{folder}/etc/hosts:/etc/hosts"]
    network = Network(folder, sorted(set(shared)), places)
    try:
        _configure(folder, nodes)
        munged = MUNGED.format(folder)
        network.add(LOGIN, 1, f"{munged}\nsleep 0.5\nslurmctld -D &").boot()
        for number, name in enumerate(nodes, start=10):
            network.add(name, number, f"slurmd -D -N {name} &").boot()
        lab = Lab(folder, network)
        lab.wait_for_nodes()
        yield lab
    finally:
        network.close()
        _remove_cgroups(before)
        shutil.rmtree(folder)


def _configure(folder: Path, nodes: Mapping[str, int]) -> None:
    for name in ("etc", "munge", "state", "spool", "run", "log", "homes", "tmp"):
        (folder / name).mkdir(mode=0o711)
    for name in nodes:
        (folder / "spool" / name).mkdir()
    key = folder / "munge" / "key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o400)
    names = [LOGIN, *nodes]
    addresses = [f"{NETWORK}.{number}" for number in (1, *range(10, 10 + len(nodes)))]
    hosts = zip(("127.0.0.1", *addresses), ("localhost", *names), strict=True)
    etc = folder / "etc"
    (etc / "hosts").write_text("".join(f"{address} {name}\n" for address, name in hosts))
    rows = [f"NodeName={n} CPUs={c} RealMemory=4000 Gres=gpu:1" for n, c in nodes.items()]
    gpus = [f"NodeName={name} Name=gpu File=/dev/null" for name in nodes]
    (etc / "gres.conf").write_text("\n".join(gpus) + "\n")
    plugin = "cgroup/v1" if FREEZER.is_dir() else "cgroup/v2\nIgnoreSystemd=yes"
    (etc / "cgroup.conf").write_text(f"CgroupPlugin={plugin}\n")
    conf = SLURM_CONF.format(folder=folder, nodes="\n".join(rows), dead_after=DEAD_AFTER)
    (etc / "slurm.conf").write_text(conf)


def _remove_cgroups(before: set[Path]) -> None:
    for root in set(FREEZER.glob("slurm*")) - before:
        groups = [path for path in root.rglob("*") if path.is_dir()]
        for group in [*sorted(groups, reverse=True), root]:
            wait_until(partial(_removed, group), f"{group} is empty", 10)


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
