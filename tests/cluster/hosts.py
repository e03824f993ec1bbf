"""Machines made of namespaces: each has its own network, pids, home, /tmp and shared memory.

A laptop holds the switch (a bridge) that all machines hang on. Each other host runs sshd. All have
a copy-on-write view of this Python's virtual environment, which is what lets a host install the
project in seconds and without the network. Every namespace ends with the first process in it, and
networks and mounts end with their namespaces: nothing is left when these processes are killed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

NETWORK = "10.77.0"
LAPTOP = f"{NETWORK}.1"
HOME = Path.home()
VENV = Path(sys.prefix)
PYTHON = Path(sys.base_prefix)
UNSHARE = [
    *("setpriv", "--pdeathsig", "KILL"),  # also where a test is killed
    *("unshare", "--mount", "--pid", "--fork", "--net", "--uts", "--ipc"),
    "--kill-child",
]
# What a machine does before its first program starts. $1 its name, $2 its folder, $3 the virtual
# environment, $4 Python, $5 the home that it shares with nobody.
BOOT = """
set -e
hostname "$1"
mkdir -p "$2/home" "$2/tmp" "$2/layer" && chmod 1777 "$2/tmp"
mount -t tmpfs tmpfs "$2/layer"
mkdir "$2/layer/upper" "$2/layer/work" "$2/layer/python"
mount --bind "$4" "$2/layer/python"
mount -t overlay overlay -o "lowerdir=$3,upperdir=$2/layer/upper,workdir=$2/layer/work" "$3"
mkdir -p "$2/home/focus-venv"
mount --bind "$3" "$2/home/focus-venv"
for seen in "$3" "$4"; do
  case "$seen" in "$5"/*)
    mkdir -p "$2/home${seen#"$5"}"; mount --bind "$seen" "$2/home${seen#"$5"}";;
  esac
done
mount --rbind "$2/home" "$5"
mount -t tmpfs tmpfs /dev/shm
mount --bind "$2/tmp" /tmp
mount -t proc proc /proc
shift 5
exec "$@"
"""
SSHD = """
Port 22
HostKey {home}/.sshd/key
PidFile none
AuthorizedKeysFile {home}/.sshd/authorized
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
StrictModes no
SetEnv HOME={home}
"""
# A Python that can make environments, until cluster/setup.sh has named the project's own.
PROFILE = f'case "$PATH" in *focus-venv*) ;; *) export PATH="{PYTHON}/bin:$PATH";; esac\n'
# The project is installed without the network, from what the environment has.
PIP = "[global]\nno-index = true\nno-build-isolation = no\nno-deps = true\n"


class Machine:
    """One machine; ``boot`` starts it, and ``power_cut`` ends everything on it at once."""

    def __init__(self, folder: Path, number: int) -> None:
        self.folder = folder / f"machine{number}"
        self.number = number
        self.name = f"m{number}"
        self.address = f"{NETWORK}.{10 + number}"
        self._process: subprocess.Popen[bytes] | None = None

    def boot(self, words: Sequence[str], log: Path) -> None:
        """Start the machine with ``words`` as its first program."""
        (self.folder / "home").mkdir(parents=True, exist_ok=True)
        place = [self.name, str(self.folder), str(VENV), str(PYTHON), str(HOME)]
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                [*UNSHARE, "bash", "-c", BOOT, "boot", *place, *words],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        deadline = time.monotonic() + 20
        while not self._first():
            assert time.monotonic() < deadline, f"{self.name} does not start"
            time.sleep(0.05)

    def _first(self) -> str:
        """The pid of the machine's first program, as this machine numbers it."""
        assert self._process is not None
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return children.read_text().strip()

    def enter(self, *words: str, only_network: bool = False) -> list[str]:
        """The words of a command that runs ``words`` on this machine."""
        what = ["--net"] if only_network else ["--all"]
        return ["nsenter", "--target", self._first(), *what, *words]

    def network(self, *words: str) -> None:
        """Run ``ip`` in the network of this machine."""
        subprocess.run(self.enter("ip", *words, only_network=True), check=True)

    @property
    def is_on(self) -> bool:
        """Whether the machine runs."""
        return self._process is not None

    def power_cut(self) -> None:
        """End every process of this machine at once."""
        if self._process is not None:
            with suppress(OSError, ValueError):
                os.kill(int(self._first()), 9)
            self._process.kill()
            self._process.wait()
            self._process = None


class Lab:
    """A laptop, and hosts that it reaches over ssh."""

    def __init__(self, folder: Path, hosts: int) -> None:
        self.folder = folder
        self.laptop = Machine(folder, 0)
        self.hosts = [Machine(folder, number) for number in range(1, hosts + 1)]
        self.key = folder / "machine0" / "home" / "key"

    def start(self) -> None:
        """Start every machine, and wait until each host's sshd answers."""
        self.key.parent.mkdir(parents=True)
        keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f"]
        subprocess.run([*keygen, str(self.key)], check=True)
        self.laptop.boot(["sleep", "infinity"], self.folder / "laptop.log")
        for words in (
            ("link", "set", "lo", "up"),
            ("link", "add", "switch", "type", "bridge"),
            ("addr", "add", f"{LAPTOP}/24", "dev", "switch"),
            ("link", "set", "switch", "up"),
        ):
            self.laptop.network(*words)
        Path("/run/sshd").mkdir(exist_ok=True)
        for host in self.hosts:
            self.start_host(host)

    def start_host(self, host: Machine) -> None:
        """Start one host with its sshd, and plug it into the switch."""
        home = host.folder / "home"
        own = home / ".sshd"
        own.mkdir(parents=True, exist_ok=True)
        if not (own / "key").exists():
            shutil.copy(self.key, own / "key")  # as its host key too: nobody checks it
            shutil.copy(f"{self.key}.pub", own / "authorized")
            (own / "config").write_text(SSHD.format(home=HOME))
            (home / ".profile").write_text(PROFILE)
            (home / ".bashrc").write_text(PROFILE)
            pip = home / ".config" / "pip" / "pip.conf"
            pip.parent.mkdir(parents=True)
            pip.write_text(PIP)
        host.boot(
            ["/usr/sbin/sshd", "-D", "-e", "-f", f"{HOME}/.sshd/config"],
            self.folder / f"{host.name}.log",
        )
        plug = f"plug{host.number}"
        peer = ["type", "veth", "peer", "name", "eth0", "netns", host._first()]
        self.laptop.network("link", "add", plug, *peer)
        self.laptop.network("link", "set", plug, "master", "switch", "up")
        host.network("link", "set", "lo", "up")
        host.network("addr", "add", f"{host.address}/24", "dev", "eth0")
        host.network("link", "set", "eth0", "up")
        host.network("route", "add", "default", "via", LAPTOP)
        deadline = time.monotonic() + 20
        while self.ssh(host, "true").returncode:
            assert time.monotonic() < deadline, f"{host.name} takes no ssh"
            time.sleep(0.2)

    def unplug(self, host: Machine) -> None:
        """Cut a host off: its packets go nowhere, and it does not notice."""
        self.laptop.network("link", "set", f"plug{host.number}", "nomaster")

    def plug_in(self, host: Machine) -> None:
        """End ``unplug``."""
        self.laptop.network("link", "set", f"plug{host.number}", "master", "switch")

    def close_laptop(self) -> None:
        """End everything that runs on the laptop."""
        subprocess.run(self.laptop.enter("sh", "-c", "kill -9 -1"), check=False)

    def command(self, *words: str) -> list[str]:
        """The words of a command that runs ``words`` on the laptop."""
        variables = [f"HOME={HOME}", f"PATH={VENV}/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
        more = ["RAY_USAGE_STATS_ENABLED=0", "LC_ALL=C.UTF-8"]
        return self.laptop.enter("env", "-i", *variables, *more, *words)

    def run(
        self, *words: str, cwd: Path | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a command on the laptop, in folder ``cwd`` of this machine's file system."""
        return subprocess.run(
            self.command(*words),
            cwd=cwd,
            capture_output=True,
            text=True,
            check=False,
            timeout=timeout,
            stdin=subprocess.DEVNULL,
        )

    def ssh(self, host: Machine, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command on a host, in a login shell."""
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        flags = [word for option in options for word in ("-o", option)]
        key = str(HOME / "key")
        place = ["-o", "ConnectTimeout=3", "-i", key, f"root@{host.address}"]
        return self.run("ssh", "-n", *flags, *place, f"bash -lc {shlex.quote(command)}")


@contextmanager
def lab(folder: Path, hosts: int) -> Iterator[Lab]:
    """Machines that end with this block."""
    found = Lab(folder, hosts)
    try:
        found.start()
        yield found
    finally:
        for machine in (*found.hosts, found.laptop):
            machine.power_cut()
