import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request

import pytest

from sweeps import ui
from sweeps.tracking import connect
from sweeps.tracking.runs import SweepRuns
from tests.sweeps.listener_rows import ended, make_sweep
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

TRIALS = 3


@pytest.fixture(scope="module")
def home(tmp_path_factory, blank_database):  # noqa: F811
    """A home in which two sweeps have run: ``first``, then ``second``."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(blank_database, folder / "mlflow.db")
    client = connect(f"sqlite:///{folder / 'mlflow.db'}")
    for year, name in ((2030, "first"), (2031, "second")):
        created = make_sweep().created.replace(year=year)
        sweep = make_sweep(name=name, created=created)
        runs = SweepRuns(client, sweep, folder / "artifacts")
        for number in range(TRIALS):
            state = "failed" if number == 0 else "complete"
            runs.mirror(sweep, ended(number, state, value=0.5), [])
    return folder


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("FOCUS_HOME", raising=False)


@pytest.fixture
def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def compared(url):
    """The sweep and trial ids of the runs that a compare page shows."""
    return urllib.parse.parse_qs(urllib.parse.urlsplit(url).fragment.partition("?")[2])


def tags_of(home, run_id):
    return connect(f"sqlite:///{home / 'mlflow.db'}").get_run(run_id).data.tags


@pytest.mark.parametrize(("asked", "name"), [(None, "second"), ("first", "first")])
def test_the_page_compares_the_trials_of_one_sweep(home, asked, name):
    url = ui.compare_url(f"sqlite:///{home / 'mlflow.db'}", asked, "http://127.0.0.1:5000/")
    assert url.startswith("http://127.0.0.1:5000/#/compare-runs?")
    query = compared(url)
    tags = [tags_of(home, run_id) for run_id in json.loads(query["runs"][0])]
    assert {tag["focus.sweep"] for tag in tags} == {name}
    # complete ones first, then in the order of asking
    assert [int(tag["focus.trial_id"], 16) for tag in tags] == [1, 2, 0]
    assert len(json.loads(query["experiments"][0])) == 1


def refused(capsys, *argv):
    """Exit code 2 and one line; returns the line."""
    assert ui.main([*argv, "--no-browser"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_no_database(tmp_path, capsys):
    line = refused(capsys, "--home", str(tmp_path))
    assert str(tmp_path / "mlflow.db") in line
    assert "launch a sweep first" in line
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_sweep(home, capsys, free_port):
    line = refused(capsys, "--home", str(home), "--sweep", "third", "--port", str(free_port))
    assert "'third'" in line
    assert "first, second" in line


def test_a_port_that_is_taken(home, capsys):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert port in refused(capsys, "--home", str(home), "--port", port)


def test_a_port_that_is_none(home, capsys):
    assert "70000" in refused(capsys, "--home", str(home), "--port", "70000")


def test_a_server_that_does_not_start_is_told_in_one_line(free_port):
    with pytest.raises(ValueError, match=r"did not start: .+"):
        ui.serve("nonsense://nowhere", f"http://127.0.0.1:{free_port}/", browser=False)


def test_it_serves_until_interrupted(home, free_port):
    command = [sys.executable, "-m", "sweeps.ui", "--home", str(home), "--no-browser"]
    process = subprocess.Popen(
        [*command, "--port", str(free_port)], stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            url = process.stdout.readline().strip()
            base = url.partition("/#/")[0]
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            page = direct.open(f"{base}/", timeout=20).read().decode()
            run = json.loads(compared(url)["runs"][0])[0]
            api = f"{base}/api/2.0/mlflow/runs/get?run_id={run}"
            answer = json.load(direct.open(api, timeout=20))
        finally:
            os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert "<html" in page.lower()
    assert answer["run"]["info"]["status"] == "FINISHED"
    ui.check_port(free_port)  # nothing of it is left
