"""Hosts on one machine: each has its own network, processes, name, /tmp and /dev/shm.

A host is a process that ``unshare`` starts in new namespaces. Nothing has a name in the system:
when the process is killed, its namespaces, mounts and network go with it.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

NETWORK = "10.91.0"
NAMESPACES = ["--pid", "--fork", "--mount-proc", "--mount", "--uts", "--ipc", "--net"]
BOOT = """
hostname {name}
ip link set lo up
mkdir -p {tmp} && mount -t tmpfs -o mode=1777 tmpfs {tmp}
for folder in {shared}; do
    case $folder in
        /tmp/*) mkdir -p {tmp}/${{folder#/tmp/}} && mount --bind $folder {tmp}/${{folder#/tmp/}} ;;
    esac
done
mount --rbind {tmp} /tmp
mount -t tmpfs -o size=2g tmpfs /dev/shm
for place in {places}; do mount --bind ${{place%%:*}} ${{place#*:}}; done
cd /
until ip link show eth0 >/dev/null 2>&1 || [ {name} = {router} ]; do sleep 0.05; done
{services}
while :; do wait; sleep 0.2; done  # init of this host: ended orphans do not stay
"""


def wait_until(holds: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait until ``holds`` returns something true."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"within {seconds:g} s: {what}"
        time.sleep(0.3)


def ran(*words: str | Path) -> str:
    """What a command prints; its error output where it fails."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr}{done.stdout}"
    return done.stdout


@dataclass
class Host:
    """One host of a network.

    Attributes:
        name: its name.
        number: the last part of its address.
        services: commands that run from its start.
    """

    name: str
    number: int
    services: str
    network: Network
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"{NETWORK}.{self.number}"

    @property
    def init(self) -> int:
        """The process that is number 1 within the host, as this machine counts."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text().split()[0])

    def boot(self) -> None:
        script = self.network.folder / f"boot-{self.name}.sh"
        script.write_text(
            BOOT.format(
                name=self.name,
                router=self.network.router.name,
                tmp=self.network.folder / "tmp" / self.name,
                shared=" ".join(self.network.shared),
                places=" ".join(self.network.places),
                services=self.services,
            )
        )
        with (self.network.folder / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["unshare", *NAMESPACES, "--kill-child", "bash", script],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_until(self._has_init, f"{self.name} boots")
        self.network.connect(self)

    def _has_init(self) -> bool:
        with suppress(OSError, IndexError):
            return self.init > 0
        return False

    def words(self, *words: str | Path) -> list[str]:
        """The command that runs ``words`` on this host."""
        entered = [
            "nsenter",
            f"--target={self.init}",
            "--net",
            "--pid",
            "--mount",
            "--uts",
            "--ipc",
        ]
        return [*entered, "--wd=/", "--", *map(str, words)]

    def run(self, *words: str | Path) -> str:
        return ran(*self.words(*words))

    def programs(self) -> str:
        """The command lines of everything that runs on this host."""
        return self.run("ps", "-eo", "pid,args", "--no-headers", "-ww")

    def cut_power(self) -> None:
        """End the host at once. No connection is closed: others hear nothing any more."""
        if self.process is None:
            return
        with suppress(AssertionError):
            self.network.cut(self)
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None


@dataclass
class Network:
    """Hosts on one bridge, which is in the first host. Nothing leads outwards.

    Attributes:
        folder: a short path that every host sees.
        shared: folders that every host sees, also where they are below /tmp.
        places: ``source:target`` of what every host sees elsewhere.
    """

    folder: Path
    shared: Sequence[str]
    places: Sequence[str]
    hosts: dict[str, Host] = field(default_factory=dict)

    @property
    def router(self) -> Host:
        return next(iter(self.hosts.values()))

    def add(self, name: str, number: int, services: str) -> Host:
        self.hosts[name] = Host(name, number, services, self)
        return self.hosts[name]

    def connect(self, host: Host) -> None:
        address = f"{host.address}/24"
        if host is self.router:
            host.run("ip", "link", "add", "bridge", "type", "bridge")
            host.run("ip", "addr", "add", address, "dev", "bridge")
            host.run("ip", "link", "set", "bridge", "up")
            return
        port, ends = f"to-{host.name}", ("type", "veth", "peer", "name", "eth0")
        ran(*self._at_router(), "ip", "link", "add", port, *ends, "netns", str(host.init))
        self.router.run("ip", "link", "set", port, "master", "bridge", "up")
        host.run("ip", "addr", "add", address, "dev", "eth0")
        host.run("ip", "link", "set", "eth0", "up")

    def cut(self, host: Host) -> None:
        """Take the cable out. It goes at both ends."""
        if host is not self.router:
            self.router.run("ip", "link", "del", f"to-{host.name}")

    def _at_router(self) -> list[str]:
        # Its network alone: in its pid namespace another host's process has no number.
        return ["nsenter", f"--target={self.router.init}", "--net", "--"]

    def close(self) -> None:
        for host in reversed(self.hosts.values()):
            host.cut_power()
