"""MLflow's server as a child process that ends with its parent, however the parent ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from tempfile import TemporaryFile
from typing import IO

from focus_core.errors import UserError

HOST = "127.0.0.1"
START_SECONDS = 90.0
STOP_SECONDS = 10.0
KEEPER = """
import os, signal, subprocess, sys, threading
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, lambda *_: None)  # not ignored: the server would inherit that
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)
def end_with_starter():
    sys.stdin.buffer.read()  # ends when nobody holds the other end any more
    os.killpg(0, signal.SIGTERM)
    try:
        server.wait(2)
    finally:
        os.killpg(0, signal.SIGKILL)
threading.Thread(target=end_with_starter, daemon=True).start()
server.wait()
os.killpg(0, signal.SIGKILL)
"""
"""The keeper leads a process group of its own and starts the server in that group. It waits for the
end of its standard input, which the kernel closes when the parent ends, whatever kills the parent.
Then the keeper kills the group: the server, the server's workers and itself."""


@contextmanager
def serving(uri: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run MLflow's server on ``port``; it answers inside the block and is gone afterwards.

    Raises:
        UserError: the server does not start.
    """
    with TemporaryFile("w+") as log:
        server = _start(uri, port, log)
        try:
            _wait_until_it_answers(port, server, log)
            yield server
        finally:
            _stop(server)


def _start(uri: str, port: int, log: IO[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "mlflow", "server", "--no-serve-artifacts"]
    command += ["--host", HOST, "--port", str(port), "--workers", "1"]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    quiet["MLFLOW_BACKEND_STORE_URI"] = uri  # not a flag: every user can read flags
    # The keeper has its own session: Ctrl-C and a closed terminal reach only this process.
    return subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", KEEPER, *command],
        env=os.environ | quiet,
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


def _wait_until_it_answers(port: int, server: subprocess.Popen[bytes], log: IO[str]) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with direct.open(f"http://{HOST}:{port}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    log.seek(0)
    said = [line.strip() for line in log if line.strip()]
    raise UserError(f"MLflow's server did not start: {said[-1] if said else 'it said nothing'}")


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.stdin is not None:
        with suppress(OSError):
            server.stdin.close()  # the keeper ends the group
    with suppress(subprocess.TimeoutExpired):
        server.wait(STOP_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)  # if the keeper was killed or suspended
    server.wait()
