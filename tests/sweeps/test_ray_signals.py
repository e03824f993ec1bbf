"""Ray takes no signal of ours away, and does not abort a launcher that is still closing."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.sweeps.local_launches import ROOT

# It closes for longer than the three seconds after which Ray's own handler aborts a process.
CLOSES_SLOWLY = """
import contextlib, os, signal, sys, time
from pathlib import Path
from sweeps.workers.on_ray import starting

@contextlib.contextmanager
def without_python_handler():
    from ray._private import utils
    utils.set_sigterm_handler = lambda _handler: None
    yield

if sys.argv[2] == "as Ray has it":
    starting._own_signal_handlers = without_python_handler
came = []
signal.signal(signal.SIGTERM, lambda number, _frame: came.append(number))
for name in (starting.OF_RAY, starting.OF_WORKERS):
    Path(sys.argv[1], name).mkdir()
starting.start_ray(None, Path(sys.argv[1]))
os.kill(os.getpid(), signal.SIGTERM)
until = time.monotonic() + 4.5
while time.monotonic() < until:
    time.sleep(0.1)
print("closed", came, flush=True)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "code", "closed"),
    [("ours", 0, True), pytest.param("as Ray has it", -signal.SIGABRT, False, id="control")],
)
def test_a_sweep_told_to_stop_may_take_its_time(
    tmp_path_factory: pytest.TempPathFactory, how: str, code: int, closed: bool
) -> None:
    folder = tmp_path_factory.mktemp("r")  # a socket's path is short
    words = [sys.executable, "-c", CLOSES_SLOWLY, str(folder), how]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == code, done.stderr
    assert (f"closed [{int(signal.SIGTERM)}]" in done.stdout) is closed
    assert ("SIGTERM received" in done.stderr) is not closed
