"""A real MLflow server behind a bad road: no sweep waits for it, and it catches up afterwards."""

from __future__ import annotations

import http.client
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from sweeps import audit
from tests.sweeps.local_launches import QUESTION, SMALL, assert_one_line, rows, run, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  fixtures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

WORDS = [*QUESTION, "--trials", "3", "--set", *SMALL, "train.steps=40", "train.eval_every=10"]


class Road(ThreadingHTTPServer):
    """What lies between a launcher and the MLflow server at ``port``."""

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), Traveller)
        self.to = port
        self.delay = 0.0
        self.refuses = False
        self.calls = 0

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Traveller(BaseHTTPRequestHandler):
    """Carries one request there and its answer back."""

    server: Road

    def carry(self) -> None:
        self.server.calls += 1
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(self.server.delay)
        if self.server.refuses:
            self.send_error(500)
            return
        there = http.client.HTTPConnection("127.0.0.1", self.server.to, timeout=60)
        there.request(self.command, self.path, body, dict(self.headers) | {"Host": "127.0.0.1"})
        found = there.getresponse()
        answer = found.read()
        there.close()
        self.send_response(found.status)
        self.send_header("Content-Type", found.getheader("Content-Type", ""))
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = do_PATCH = do_PUT = carry  # noqa: N815

    def log_message(self, *words: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server(blank_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:  # noqa: F811
    """The port of a real one."""
    folder = tmp_path_factory.mktemp("server")
    shutil.copy(blank_database, folder / "mlflow.db")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    store = ["--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"]
    process = subprocess.Popen(
        [*words, *store, "--default-artifact-root", str(folder / "artifacts")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.2)
    yield port
    os.killpg(process.pid, 15)
    process.wait(30)


@pytest.fixture
def road(server: int) -> Iterator[Road]:
    found = Road(server)
    threading.Thread(target=found.serve_forever, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def agrees(home: Path, uri: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    return audit.main(["--home", str(home)]) == 0


@pytest.mark.parametrize("fault", ["down", "refuses", "slow"])
def test_a_sweep_does_not_wait_and_mlflow_catches_up_when_it_is_back(
    tmp_path: Path, road: Road, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    name = ["--name", fault]
    road.refuses = fault == "refuses"
    road.delay = 5.0 if fault == "slow" else 0.0
    uri = "http://127.0.0.1:9" if fault == "down" else road.uri
    began = time.monotonic()
    code, _, complained = run(tmp_path, [*WORDS, *name], MLFLOW_TRACKING_URI=uri)
    took = time.monotonic() - began
    assert code == 0, complained
    assert road.calls > 0 or fault == "down"
    sweep, found, _ = rows(tmp_path / "ledger.db", fault)
    assert [t.state for t in found] == ["complete"] * 3
    assert sweep.finished is not None
    assert (sweep.finished - sweep.created).total_seconds() < 30
    assert took < 100  # a minute for what MLflow still has to take
    assert_one_line(complained, "MLflow missed ", "the ledger has them, the same command brings")
    assert not agrees(tmp_path, road.uri, monkeypatch) or fault == "slow"
    road.refuses, road.delay = False, 0.0
    code, _, complained = run_here(tmp_path, [*WORDS, *name], MLFLOW_TRACKING_URI=road.uri)
    assert (code, complained) == (0, "")
    assert agrees(tmp_path, road.uri, monkeypatch)
