"""An address of a cluster that cannot be used: one line, soon, and nothing is written."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from focus_core.errors import UserError
from sweeps import launch
from sweeps.workers.on_ray.reachable import check_cluster
from tests.sweeps.local_launches import ROOT, SMALL

SECONDS = 10.0
WORDS = ["--space", "nfft_bins", "--seeds", "1", "--trials", "1", "--set", *SMALL]


@pytest.fixture(autouse=True)
def no_ray_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers, as a GCS that hangs."""
    with socket.create_server(("", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def closed(silent: str) -> str:
    with socket.create_server(("", 0)) as server:
        port = server.getsockname()[1]
    return f"127.0.0.1:{port}"


@pytest.mark.parametrize("place", ["nobody", "silent", "client", "of the environment"])
def test_a_cluster_that_is_not_there_is_told_within_seconds(
    place: str, silent: str, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, said = {
        "nobody": (closed, "no Ray answers at .* run ray up"),
        "silent": (silent, "does not answer"),
        "client": (f"ray://{closed}", "the launcher must run on the cluster: launch there"),
        "of the environment": ("auto", "no Ray answers at .* run ray up"),
    }[place]
    if place == "of the environment":
        monkeypatch.setenv("RAY_ADDRESS", closed)
    began = time.monotonic()
    with pytest.raises(UserError, match=said) as found:
        check_cluster(address)
    assert time.monotonic() - began < SECONDS
    assert "\n" not in str(found.value)


def test_a_launch_at_no_cluster_writes_nothing(
    closed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    words = [*WORDS, "--address", closed, "--home", str(home)]
    assert launch.main(words, own_process=True) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("launch.py: no Ray answers at ")
    assert not home.exists()


def test_a_stop_while_the_cluster_is_asked_ends_at_once(silent: str, tmp_path: Path) -> None:
    words = [sys.executable, str(ROOT / "sweeps" / "launch.py"), *WORDS]
    words += ["--address", silent, "--home", str(tmp_path / "home")]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as launcher:
        assert launcher.stdout is not None
        while "home" not in launcher.stdout.readline():
            pass
        began = time.monotonic()
        launcher.terminate()
        assert launcher.wait() == -signal.SIGTERM
        assert time.monotonic() - began < 3
