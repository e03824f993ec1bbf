"""Run on an island: a cluster whose nodes come and go, and a launch on it.

``churn.py FOLDER EVERY SECONDS -- LAUNCHER'S WORDS``: for SECONDS, the older of two nodes loses
its power EVERY seconds, and another joins in its place; then two nodes stay. Writes the exit code
and the number of nodes that were cut, as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from ray._private.services import GcsClient

from sweeps.workers.on_ray.processes import below

ADDRESS = "127.0.0.1:6379"
MEMORY = "--object-store-memory=80000000"
HEAD = ["ray", "start", "--head", "--port=6379", "--num-cpus=0", MEMORY]
NODE = ["ray", "start", f"--address={ADDRESS}", "--num-cpus=1", MEMORY, "--block"]


def join(joined: int) -> subprocess.Popen[bytes]:
    """Start a node, and wait until the cluster has had ``joined`` nodes in all."""
    gcs = GcsClient(address=ADDRESS)
    node = subprocess.Popen(NODE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while len(gcs.get_all_node_info()) < joined:
        time.sleep(0.5)
    return node


def cut(node: subprocess.Popen[bytes]) -> None:
    """End every process of a node at once, as a power cut does."""
    for pid in [node.pid, *below(node.pid)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    node.wait()


def main() -> None:
    """See the module's docstring."""
    folder, every, seconds = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    subprocess.run([*HEAD, "--include-dashboard=false"], check=True, stdout=subprocess.DEVNULL)
    words = [sys.executable, "-m", "tests.cluster.counting", str(folder / "reports.txt")]
    launcher = subprocess.Popen([*words, *sys.argv[5:]])
    nodes = [join(2), join(3)]
    began, cuts = time.monotonic(), 0
    while launcher.poll() is None:
        time.sleep(0.2)
        if (cuts + 1) * every < min(seconds, time.monotonic() - began):
            cut(nodes.pop(0))
            cuts += 1
            nodes.append(join(3 + cuts))
    print(json.dumps({"code": launcher.wait(), "cuts": cuts}))


if __name__ == "__main__":
    main()
