"""A process with pids, a network, shared memory and a folder for Ray of its own.

Several clusters can then run on one machine: none sees the processes or ports of another. All
processes of an island end with its first one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
UNSHARE = [
    *("setpriv", "--pdeathsig", "KILL"),  # also where a test is killed
    *("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--net", "--ipc", "--kill-child"),
]
SETTLE = """
ip link set lo up
mount -t tmpfs tmpfs /dev/shm
mkdir -p /tmp/ray
mount -t tmpfs tmpfs /tmp/ray
exec "$@"
"""


def environment(**more: str) -> dict[str, str]:
    """The variables of a process that runs this tree's code, with Ray's commands on its path."""
    return {
        **os.environ,
        "PATH": f"{BIN}:/usr/sbin:/usr/bin:/sbin:/bin",
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_AUTH_MODE": "disabled",  # otherwise a token in the user's home would be asked for
        "RAY_memory_monitor_refresh_ms": "0",
        "RAY_worker_niceness": "0",
        "OMP_NUM_THREADS": "1",
        **more,
    }


@contextmanager
def island(
    words: Sequence[str | Path], *, out: Path, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run ``words`` on an island; the output goes to ``out``; nothing is left afterwards."""
    with out.open("wb") as stream:
        process = subprocess.Popen(
            [*UNSHARE, "bash", "-c", SETTLE, "island", *map(str, words)],
            env=environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
