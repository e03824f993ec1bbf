"""A real cluster of cluster/on_premises.yaml: ``ray up`` over ssh to hosts that share nothing."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.hosts import LAPTOP, Lab, Machine, lab
from tests.cluster.island import ROOT
from tests.sweeps.s3_server import KEYS

FILE = "~/cluster.yaml"
STORE_PORT = 9000
SMALL = [
    *("model.width=8", "model.layers=1", "train.warmup_steps=1", "train.batch_size=4"),
    *("task.eval_sequences=16", "task.test_sequences=16", "train.eval_every=10"),
]
NODES = (
    "import ray; ray.init(logging_level=50); print('alive', sum(n['Alive'] for n in ray.nodes()))"
)


class OnPremises:
    """What a person at the laptop does with a cluster of three hosts."""

    def __init__(self, found: Lab) -> None:
        self.lab = found
        self.head, *self.workers = found.hosts
        self.project = found.laptop.folder / "home" / "project"
        self.runs = found.laptop.folder / "home" / "runs"

    def prepare(self) -> None:
        """Copy this project to the laptop, and fill in the addresses in its cluster file."""
        subprocess.run(["git", "clone", "-q", str(ROOT), str(self.project)], check=True)
        changed = ["git", "-C", str(ROOT), "ls-files", "-z", "-m", "-o", "--exclude-standard"]
        for name in subprocess.check_output(changed, text=True).split("\0")[:-1]:
            (self.project / name).write_bytes((ROOT / name).read_bytes())
        config = yaml.safe_load((self.project / "cluster" / "on_premises.yaml").read_text())
        config["provider"]["head_ip"] = self.head.address
        config["provider"]["worker_ips"] = [host.address for host in self.workers]
        config["auth"] = {"ssh_user": "root", "ssh_private_key": "~/key"}
        (self.project.parent / "cluster.yaml").write_text(yaml.safe_dump(config))

    def at_laptop(self, command: str, timeout: float = 300) -> str:
        """Run a shell command in the project's folder on the laptop; returns its output."""
        words = ["bash", "-c", f"cd ~/project && {command}"]
        done = self.lab.run(*words, timeout=timeout)
        assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
        return done.stdout

    def up(self) -> None:
        """``ray up``, and the wait until every host has joined."""
        self.at_laptop(f"ray up -y {FILE}")
        wait_for(lambda: self.nodes() == len(self.lab.hosts), 240, "all hosts")

    def nodes(self) -> int:
        """How many nodes the cluster has, as its head sees it."""
        done = self.lab.ssh(self.head, f'python -c "{NODES}"')
        found = re.search(r"^alive (\d+)\s*$", done.stdout, re.MULTILINE)  # Ray may say more
        return int(found[1]) if found else 0

    def launcher(self, name: str, trials: int, steps: int, *more: str) -> str:
        """The launcher's command line."""
        words = [
            *("python", "sweeps/launch.py", "--space", "nfft_bins", "--name", name),
            *("--trials", str(trials), "--seeds", "1", "--address", "auto", *more),
            *("--set", *SMALL, f"train.steps={steps}"),
        ]
        return " ".join(words)

    def exec(self, command: str, name: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start ``ray exec`` of a command in the project's folder on the head."""
        variables = {"FOCUS_CHECKPOINT_SECONDS": "1", **variables}
        given = " ".join(f'{key}="{value}"' for key, value in variables.items())
        words = ["ray", "exec", FILE, f"cd focus-sweeps && {given} {command}"]
        line = " ".join(f"'{word}'" if word is words[-1] else word for word in words)
        with (self.lab.folder / f"{name}.txt").open("wb") as out:
            return subprocess.Popen(
                self.lab.command("bash", "-c", f"cd ~/project && exec {line}"),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @contextmanager
    def store(self) -> Iterator[dict[str, str]]:
        """A server with S3's interface on the laptop; the variables of a launch that uses it."""
        place = f"{LAPTOP}:{STORE_PORT}"
        words = ["python", "-m", "moto.server", "-H", LAPTOP, "-p", str(STORE_PORT)]
        log = (self.lab.folder / "store.txt").open("wb")
        with log, subprocess.Popen(self.lab.command(*words), stdout=log, stderr=log) as server:
            make = f"u.urlopen(u.Request('http://{place}/sweeps', method='PUT'))"
            code = f"import urllib.request as u; {make}"
            wait_for(lambda: self.lab.run("python", "-c", code).returncode == 0, 30, "store")
            address = f"s3://sweeps/focus?endpoint_override={place}&scheme=http&region=us-east-1"
            try:
                yield {"FOCUS_CHECKPOINTS": address, **KEYS}
            finally:
                server.kill()

    def bring(self, files: Mapping[str, bytes]) -> None:
        """Put files of a person's own into ~/mine of the laptop, and with Ray into the head's."""
        mine = self.project.parent / "mine"
        mine.mkdir()
        for name, content in files.items():
            (mine / name).write_bytes(content)
        self.at_laptop(f"ray rsync-up {FILE} ~/mine/ '~/mine/'")

    def said(self, name: str) -> str:
        """What ``exec`` has written so far."""
        return (self.lab.folder / f"{name}.txt").read_text(errors="replace")

    def rows(self, home: Path, query: str) -> list[list[Any]]:
        """Rows of the ledger in a home of the laptop's or the head's file system."""
        code = (
            "import json,sqlite3,sys; "
            "print(json.dumps(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall()))"
        )
        done = subprocess.run(
            ["python3", "-c", code, str(home / "ledger.db"), query],
            capture_output=True,
            text=True,
            check=True,
        )
        found: list[list[Any]] = json.loads(done.stdout)
        return found

    def ledger_is_there(self) -> bool:
        """Whether the head's ledger has its tables."""
        if not (self.runs_on_head / "ledger.db").is_file():
            return False
        query = "SELECT count(*) FROM sqlite_master WHERE name IN ('attempts', 'launches')"
        return self.rows(self.runs_on_head, query) == [[2]]

    @property
    def runs_on_head(self) -> Path:
        """The home of the sweeps on the head."""
        return self.head.folder / "home" / "focus-runs"

    def down_to_laptop(self, **variables: str) -> Path:
        """``ray rsync-down`` of the head's home, and its audit; returns the copy."""
        given = " ".join(f'{key}="{value}"' for key, value in variables.items())
        self.at_laptop(f"ray rsync-down {FILE} '~/focus-runs/' ~/runs/")
        self.at_laptop(f"{given} python -m sweeps.audit --home ~/runs --repair >/dev/null")
        self.at_laptop(f"{given} python -m sweeps.audit --home ~/runs")
        return self.runs

    def ray_processes(self, host: Machine) -> list[str]:
        """Ray's servers on a host."""
        return self.lab.ssh(host, "pgrep -a raylet; pgrep -a gcs_server; true").stdout.splitlines()


def wait_for(ready: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until ``ready`` is true."""
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"no {what} after {seconds:.0f} s"
        time.sleep(1)


@contextmanager
def on_premises(folder: Path) -> Iterator[OnPremises]:
    """A cluster of three hosts that is up; nothing is left afterwards."""
    with lab(folder, 3) as found:
        cluster = OnPremises(found)
        cluster.prepare()
        cluster.up()
        yield cluster
