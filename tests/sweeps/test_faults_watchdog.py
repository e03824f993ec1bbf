"""The watchdog against ports that answer and ports that do not, and the processes it leaves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from sweeps.workers.on_ray.processes import RayProcesses, descendants
from sweeps.workers.on_ray.ray_watch import Answering, RayLostError, Watchdog

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def never(reason: str) -> None:
    pytest.fail(reason)


def test_while_everybody_answers_nothing_happens(server: socket.socket) -> None:
    before = signal.getsignal(signal.SIGUSR2)
    with Watchdog(Answering({"GCS": server.getsockname()}).lost, never, patience=0.5):
        time.sleep(2.5)
    assert signal.getsignal(signal.SIGUSR2) == before


def test_who_does_not_answer_ends_the_block(server: socket.socket) -> None:
    place = server.getsockname()
    threading.Timer(0.5, server.close).start()
    began = time.monotonic()
    with (
        pytest.raises(RayLostError, match=r"Ray is gone: its raylet at 127\.0\.0\.1:\d+ does not"),
        Watchdog(Answering({"raylet": place}).lost, never, patience=1),
    ):
        time.sleep(30)
    assert time.monotonic() - began < 10


def test_an_error_of_dead_ray_is_told_as_that_and_another_is_not(server: socket.socket) -> None:
    place = server.getsockname()
    with (
        pytest.raises(KeyError, match="bug"),
        Watchdog(Answering({"GCS": place}).lost, never),
    ):
        raise KeyError("bug")
    server.close()
    with pytest.raises(RayLostError), Watchdog(Answering({"GCS": place}).lost, never):
        raise ConnectionError("Ray's own words")


def test_processes_started_since_are_killed_and_no_others() -> None:
    child = [sys.executable, "-c", "import time; time.sleep(60)"]
    parent = [
        sys.executable,
        "-c",
        f"import subprocess, time; subprocess.Popen({child}); time.sleep(60)",
    ]
    earlier = subprocess.Popen(child)
    processes = RayProcesses()
    later = subprocess.Popen(parent)
    while len(descendants()) < 3:
        time.sleep(0.05)
    os.kill(later.pid, signal.SIGKILL)  # its child is an orphan now
    later.wait()
    processes.kill()
    deadline = time.monotonic() + 5
    while len(descendants()) > 1 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert descendants() == {earlier.pid}
    earlier.kill()
    earlier.wait()


SLOW_TO_COME_BACK = """
import os, signal, time
from sweeps.workers.on_ray import ray_watch
ray_watch.LOOK_SECONDS = ray_watch.UNWIND_SECONDS = 0.2

def close_in_its_stead(reason):
    time.sleep(2)  # the main thread comes back meanwhile
    print("closed", flush=True)
    os._exit(7)

try:
    with ray_watch.Watchdog(lambda: "all", close_in_its_stead, patience=0.2):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
        time.sleep(1.5)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR2})
finally:
    print("closed twice", flush=True)
"""


def test_only_one_thread_closes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SLOW_TO_COME_BACK],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (7, "closed\n"), done.stderr
