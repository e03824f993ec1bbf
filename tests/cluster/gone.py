"""Run on an island: a Ray that asks for a token; launchers that have it or not, and Ray's death.

Writes one line of JSON a launch: its name, exit code, seconds, and the lines of its errors.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

from sweeps.workers.on_ray.processes import processes
from tests.cluster.island import ROOT

TOKEN = "1" * 32
HEAD = ["ray", "start", "--head", "--port=6379", "--num-cpus=1", "--object-store-memory=80000000"]
WITH_TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN}


def launch(name: str, words: list[str], address: str = "auto", **variables: str) -> None:
    """Run the launcher, and write how it ended."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(ROOT / "sweeps" / "launch.py"), *words, "--address", address],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    said = done.stderr.splitlines()
    print(json.dumps({"name": name, "code": done.returncode, "seconds": seconds, "said": said}))


def send(number: int, program: str) -> None:
    """Signal every process of a program on this island."""
    for pid, process in processes().items():
        if process.program == program:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def main() -> None:
    """See the module's docstring."""
    words = sys.argv[1:]
    launch("no Ray yet", words)
    launch("nobody there", words, "127.0.0.1:6379")
    start = [*HEAD, "--include-dashboard=false"]
    environment = {**os.environ, **WITH_TOKEN}
    subprocess.run(start, env=environment, check=True, stdout=subprocess.DEVNULL)
    launch("no token", words, RAY_AUTH_MODE="disabled")
    launch("token forgotten", words, RAY_AUTH_MODE="token")
    launch("wrong token", words, **{**WITH_TOKEN, "RAY_AUTH_TOKEN": "2" * 32})
    launch("right token", words, **WITH_TOKEN)
    send(signal.SIGSTOP, "gcs_server")
    launch("GCS hangs", words, **WITH_TOKEN)
    send(signal.SIGCONT, "gcs_server")
    send(signal.SIGKILL, "raylet")
    launch("raylet dead", words, "127.0.0.1:6379", **WITH_TOKEN)
    send(signal.SIGKILL, "gcs_server")
    launch("GCS dead", words, **WITH_TOKEN)


if __name__ == "__main__":
    main()
