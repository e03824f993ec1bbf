"""cluster/head_services.sh, for real: PostgreSQL, MLflow's server, and a sweep that uses both."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cluster.conftest import need
from tests.sweeps.local_launches import ROOT, TINY

pytestmark = pytest.mark.cluster
SCRIPT = ROOT / "cluster" / "head_services.sh"


class Head:
    """The home folder of the user who runs the script: root, as in a container."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]

    def set_up(self) -> None:
        venv = Path(sys.executable).parent.parent
        said = {"HOME": str(self.folder), "FOCUS_VENV": str(venv), "MLFLOW_PORT": str(self.port)}
        done = subprocess.run(
            ["bash", str(SCRIPT)],
            env={**os.environ, **said},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def shell(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A program in a shell that knows what ``.focus_env`` says."""
        line = f'. "{self.folder}/.focus_env" && exec "$@"'
        return subprocess.run(
            ["bash", "-c", line, "-", *words],
            cwd=ROOT,
            env={**os.environ, "FOCUS_HOME": str(self.folder / "focus-runs")},
            capture_output=True,
            text=True,
            check=False,
        )

    def processes(self) -> list[int]:
        """Those that name this folder in their command line, but for this test."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with suppress(OSError):
                if str(self.folder).encode() in path.read_bytes():
                    found.append(int(path.parent.name))
        return found


@pytest.fixture
def head() -> Iterator[Head]:
    need("runuser", package="util-linux")
    if not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="head-"))
    folder.chmod(0o755)  # PostgreSQL's own user passes through
    found = Head(folder)
    try:
        yield found
    finally:
        for number in (signal.SIGINT, signal.SIGKILL):  # PostgreSQL: a fast end, then any end
            for process in found.processes():
                with suppress(ProcessLookupError):
                    os.kill(process, number)
        shutil.rmtree(folder, ignore_errors=True)


def test_a_sweep_is_recorded_there_and_the_script_may_run_again(head: Head) -> None:
    head.set_up()
    before = (head.folder / ".focus_env").read_text()
    launch = head.shell(sys.executable, "sweeps/launch.py", *TINY)
    assert launch.returncode == 0, launch.stdout + launch.stderr
    head.set_up()  # again: nothing is lost, nothing is doubled
    assert (head.folder / ".focus_env").read_text() == before
    audit = head.shell(sys.executable, "sweeps/audit.py")
    assert audit.stdout.startswith("nothing disagrees: 2 trials (2 complete)"), audit.stderr
    runs = head.folder / "focus-runs"
    assert not list(runs.glob("*.db"))
    assert list((runs / "artifacts").glob("*/*/artifacts/*")), "artifacts went through the server"
