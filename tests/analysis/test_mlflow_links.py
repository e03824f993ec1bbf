"""Links to MLflow: only from the server that the environment names, and none when it is silent."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from analysis.page import runs
from analysis.page.runs import mlflow_runs

CREATED = datetime(2024, 5, 1, 12, tzinfo=UTC)
ABOUT = {"name": "s", "created": CREATED, "command": "launch.py --tracking-uri http://elsewhere"}


def run_of(run_id: str, trial_id: str | None, sweep: str = "s") -> dict[str, Any]:
    tags = [{"key": "focus.sweep", "value": sweep}]
    tags += [{"key": "focus.trial_id", "value": trial_id}] if trial_id else []
    return {"info": {"experiment_id": "7", "run_id": run_id}, "data": {"tags": tags}}


class Server(HTTPServer):
    pages: list[dict[str, Any]]
    asked: list[tuple[str, dict[str, Any], str | None]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, body, self.headers["Authorization"]))
        if self.path.endswith("experiments/search"):
            answer: dict[str, Any] = {"experiments": [{"experiment_id": "7"}]}
        else:
            answer = self.server.pages[int(body.get("page_token") or 0)]
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server(("127.0.0.1", 0), Handler)
    found.asked = []
    found.pages = [
        {"runs": [run_of("a1", "t1"), run_of("b2", None)], "next_page_token": "1"},
        {"runs": [run_of("c3", "t2"), run_of("d4", "t3", sweep="another"), run_of("../x", "t4")]},
    ]
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.shutdown()
    thread.join()
    found.server_close()


def test_each_trial_leads_to_its_run(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    base = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", base.replace("//", "//me:secret@") + "/")
    assert mlflow_runs(ABOUT) == {
        "t1": f"{base}/#/experiments/7/runs/a1",
        "t2": f"{base}/#/experiments/7/runs/c3",
    }
    assert server.asked[1][1]["filter"] == "tags.`focus.created` = '2024-05-01T12:00:00+00:00'"
    login = "Basic " + base64.b64encode(b"me:secret").decode()
    assert {authorization for *_, authorization in server.asked} == {login}


@pytest.mark.parametrize("uri", ["", "sqlite:///mlflow.db", "http://", "javascript:alert(1)"])
def test_nothing_is_asked_where_the_environment_names_no_server(
    uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also not the server of the command in the ledger, which may be anybody's."""
    monkeypatch.setattr(runs, "_ask", lambda *_: pytest.fail("asked"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert mlflow_runs(ABOUT) == {}


@pytest.mark.parametrize("spoil", [{"runs": "no"}, {"runs": [{}]}, {"runs": [{"data": 3}]}])
def test_an_answer_of_something_else_makes_no_link(
    server: Server, monkeypatch: pytest.MonkeyPatch, spoil: dict[str, Any]
) -> None:
    server.pages = [spoil]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
    assert mlflow_runs(ABOUT) == {}


def test_a_server_that_is_away_makes_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    assert mlflow_runs(ABOUT) == {}
