import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, NoReturn

import pytest

from sweeps import ui
from sweeps.evidence.ranking import Leaks
from sweeps.showing.tracking import connect
from sweeps.showing.tracking.runs import SweepRuns
from tests.narrowing import known
from tests.sweeps.listener_rows import ended, make_reports, make_sweep
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

TRIALS = 3
AXES = ["model.bin_length", "model.nfft_factor"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, blank_database: Path) -> Path:  # noqa: F811
    """A home in which two sweeps have run: ``first``, then ``second``."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(blank_database, folder / "mlflow.db")
    client = connect(f"sqlite:///{folder / 'mlflow.db'}")
    for year, name in ((2030, "first"), (2031, "second")):
        created = make_sweep().created.replace(year=year)
        axes = [{"key": key, "kind": "categorical", "choices": [1, 2]} for key in AXES]
        sweep = make_sweep(name=name, created=created, axes=axes)
        runs = SweepRuns(client, sweep, folder / "artifacts")
        trials = [ended(n, "complete" if n else "failed", value=0.5) for n in range(TRIALS)]
        for trial in trials:
            runs.mirror(sweep, trial, make_reports(trial))
        runs.mirror_sweep(sweep, trials, "complete", Leaks())
    return folder


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.delenv("FOCUS_HOME", raising=False)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def pages(home: Path, asked: str | None = None) -> ui.Pages:
    uri = f"sqlite:///{home / 'mlflow.db'}"
    return ui.find_pages(uri, asked, "http://127.0.0.1:5000/", home / "reports")


def asked_for(url: str) -> dict[str, list[str]]:
    """What a page's address asks for."""
    return urllib.parse.parse_qs(urllib.parse.urlsplit(url).fragment.partition("?")[2])


def opened_view(home: Path, url: str) -> tuple[str, dict[str, Any]]:
    """The saved view that an address opens: its name, and the state of the page."""
    client = connect(f"sqlite:///{home / 'mlflow.db'}")
    experiment = urllib.parse.urlsplit(url).fragment.split("/")[2]
    (key,) = asked_for(url)["viewStateShareKey"]
    view = json.loads(client.get_experiment(experiment).tags[f"mlflow.sharedViewState.{key}"])
    return view["name"], json.loads(view["state"])


@pytest.mark.parametrize(("asked", "name"), [(None, "second"), ("first", "first")])
def test_the_page_compares_the_trials_of_one_sweep(
    home: Path, asked: str | None, name: str
) -> None:
    url = pages(home, asked).trials
    assert url.startswith("http://127.0.0.1:5000/#/experiments/")
    title, state = opened_view(home, url)
    assert title == name
    client = connect(f"sqlite:///{home / 'mlflow.db'}")
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    found = client.search_runs(ids, state["searchFilter"])
    assert {run.data.tags["focus.sweep"] for run in found} == {name}
    assert sorted(run.data.tags["focus.trial_id"] for run in found) == [
        f"{number:012x}" for number in range(TRIALS)
    ]
    params, metrics = found[0].data.params, found[0].data.metrics
    columns = [column for column in state["selectedColumns"] if column.startswith("params.")]
    assert columns == [f"params.`{key}`" for key in AXES]
    assert params.keys() == set(AXES)
    parallel, line, bar = state["compareRunCharts"]
    assert parallel["selectedParams"] == AXES
    for key in (*parallel["selectedMetrics"], line["metricKey"], bar["metricKey"]):
        assert key in metrics
    assert state["orderByKey"] == "metrics.`validation_accuracy`"


def test_a_sweep_without_a_view_is_searched_for(home: Path) -> None:
    client = connect(f"sqlite:///{home / 'mlflow.db'}")
    url = pages(home, "first").trials
    (key,) = asked_for(url)["viewStateShareKey"]
    experiment = urllib.parse.urlsplit(url).fragment.split("/")[2]
    tag = f"mlflow.sharedViewState.{key}"
    text = client.get_experiment(experiment).tags[tag]
    client.delete_experiment_tag(experiment, tag)
    (search,) = asked_for(pages(home, "first").trials)["searchFilter"]
    assert len(client.search_runs([experiment], search)) == TRIALS
    client.set_experiment_tag(experiment, tag, text)


def write_report(home: Path, name: str, words: str, sweep: str | None = None) -> None:
    folder = home / "reports" / name
    folder.mkdir(parents=True, exist_ok=True)
    summary = {"sweep": {"name": sweep or name}, "answer": [words]}
    (folder / "summary.json").write_text(json.dumps(summary))
    (folder / "index.html").write_text(f"<p>{words}</p>")


def test_the_newest_report_is_an_artifact_and_its_answer_is_read_first(home: Path) -> None:
    client = connect(f"sqlite:///{home / 'mlflow.db'}")
    assert pages(home, "second").report is None
    write_report(home, "second", "Of another sweep.", sweep="first")
    assert pages(home, "second").report is None
    for words in ("It does.", "It does not."):
        write_report(home, "second", words)
        for _ in range(2):
            url = known(pages(home, "second").report)
        run_id = urllib.parse.urlsplit(url).fragment.split("/")[4]
        artifacts = home / "artifacts" / run_id / "artifacts" / "report"
        assert (artifacts / "index.html").read_text() == f"<p>{words}</p>"
        tags = client.get_run(run_id).data.tags
        assert tags["focus.kind"] == "sweep"
        assert re.fullmatch(
            r"Does the bin's length matter, or NFFT\?\n\n"
            rf"\*\*The report of [-0-9 :]+ UTC says:\*\* {words}",
            tags["mlflow.note.content"],
        )
    client.set_tag(run_id, "mlflow.note.content", "mine")
    write_report(home, "second", "Once more.")
    pages(home, "second")
    assert client.get_run(run_id).data.tags["mlflow.note.content"] == "mine"


def test_a_report_that_cannot_be_put_there_hides_nothing(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise OSError("disk full")

    monkeypatch.setattr(ui, "attach_report", refuse)
    found = pages(home, "first")
    assert "viewStateShareKey" in found.trials
    assert found.report is None
    said = capsys.readouterr().err
    assert "the report could not be put there: " in said
    assert said.count("\n") == 1


def refused(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """Exit code 2 and one line; returns the line."""
    assert ui.main([*argv, "--no-browser"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_no_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = refused(capsys, "--home", str(tmp_path))
    assert str(tmp_path / "mlflow.db") in line
    assert "launch a sweep first" in line
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_sweep(home: Path, capsys: pytest.CaptureFixture[str], free_port: int) -> None:
    line = refused(capsys, "--home", str(home), "--sweep", "third", "--port", str(free_port))
    assert "'third'" in line
    assert "first, second" in line


def test_a_port_that_is_taken(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        assert port in refused(capsys, "--home", str(home), "--port", port)


def test_a_port_that_is_none(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "70000" in refused(capsys, "--home", str(home), "--port", "70000")


def test_a_server_that_does_not_start_is_told_in_one_line(free_port: int) -> None:
    page = ui.Pages(f"http://127.0.0.1:{free_port}/", None)
    with pytest.raises(ValueError, match=r"did not start: .+"):
        ui.serve("nonsense://nowhere", page, browser=False)


def tracked(home: Path) -> list[str]:
    """One run that is complete."""
    client = connect(f"sqlite:///{home / 'mlflow.db'}")
    ids = [experiment.experiment_id for experiment in client.search_experiments()]
    return [run.info.run_id for run in client.search_runs(ids, "tags.state = 'complete'")][:1]


def test_it_serves_until_interrupted(home: Path, free_port: int) -> None:
    command = [sys.executable, "-m", "sweeps.ui", "--home", str(home), "--no-browser"]
    process = subprocess.Popen(
        [*command, "--port", str(free_port)], stdout=subprocess.PIPE, text=True
    )
    with process:
        try:
            url = known(process.stdout).readline().strip()
            base = url.partition("/#/")[0]
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            page = direct.open(f"{base}/", timeout=20).read().decode()
            (run,) = tracked(home)
            api = f"{base}/api/2.0/mlflow/runs/get?run_id={run}"
            answer = json.load(direct.open(api, timeout=20))
        finally:
            os.kill(process.pid, signal.SIGINT)
        assert process.wait(timeout=30) == 0
    assert "<html" in page.lower()
    assert answer["run"]["info"]["status"] == "FINISHED"
    ui.check_port(free_port)  # nothing of it is left
