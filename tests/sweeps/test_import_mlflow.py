"""A real experiment of MLflow's, in a database and in a folder, comes back as its client has it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sweeps.audit import main as audit
from tests.importing import by_trial, import_sweep, rows

WAY = ["--direction", "maximize"]
pytestmark = pytest.mark.filterwarnings(
    "ignore:The ``noload``", "ignore:The filesystem:FutureWarning"
)


def fill(uri: str, artifacts: Path) -> Any:
    """Two widths of two seeds and a parent of them all; one failed run, one that diverged."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiment = client.create_experiment("widths", artifact_location=artifacts.as_uri())
    parent = client.create_run(experiment, run_name="parent")
    told: list[tuple[dict[str, str], list[float], str]] = [
        ({"width": "8", "seed": "0", "act": "relu", "lr": "1e-3"}, [0.5, 0.6], "FINISHED"),
        ({"width": "8", "seed": "1", "act": "relu", "lr": "1e-3"}, [0.4, 0.7], "FINISHED"),
        ({"width": "16", "seed": "0", "act": "None", "lr": "0.01"}, [0.3], "FINISHED"),
        ({"width": "16", "seed": "1", "act": "None", "lr": "0.01"}, [0.4, math.nan], "FINISHED"),
        ({"width": "32", "seed": "0", "act": "None", "lr": "0.01"}, [], "FAILED"),
    ]
    for parameters, scores, status in told:
        run = client.create_run(experiment, tags={"mlflow.parentRunId": parent.info.run_id})
        for key, word in parameters.items():
            client.log_param(run.info.run_id, key, word)
        for step, score in enumerate(scores):
            client.log_metric(run.info.run_id, "val/acc", score, step=step)
            client.log_metric(run.info.run_id, "loss", -score, step=step)
        client.log_metric(run.info.run_id, "test/acc", 0.9)
        client.set_terminated(run.info.run_id, status=status)
    client.set_terminated(parent.info.run_id)
    return client


@pytest.fixture(scope="module", params=["database", "folder"])
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Any]]:
    """The source as a person names it, and a client of it."""
    folder = tmp_path_factory.mktemp("mlflow")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
        if request.param == "database":
            uri = f"sqlite:///{folder / 'mlflow.db'}"
            yield str(folder / "mlflow.db"), fill(uri, folder / "artifacts")
        else:
            (folder / "mlruns").mkdir()
            uri = (folder / "mlruns").as_uri()
            yield str(folder / "mlruns"), fill(uri, folder / "artifacts")


def test_every_run_is_as_the_client_has_it(
    store: tuple[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, client = store
    words = ["--from", "mlflow", "--source", source, *WAY]
    assert import_sweep(tmp_path, *words, "--metric", "val/acc", "--test", "test/acc") == 0
    assert "1 parent runs without a score are left out" in capsys.readouterr().out
    experiment = client.get_experiment_by_name("widths")
    trials = {trial["config"]["width"]: trial for trial in by_trial(tmp_path)}
    seen = 0
    for run in client.search_runs([experiment.experiment_id]):
        if not run.data.params:
            continue
        trial = trials[int(run.data.params["width"])]
        seed = int(run.data.params["seed"])
        history = client.get_metric_history(run.info.run_id, "val/acc")
        curve = {point.step: point.value for point in history}
        said = {
            report["step"]: report["metrics"][f"value/{seed}"]
            for report in trial["reports"]
            if f"value/{seed}" in report["metrics"]
        }
        if len(curve) > 1:
            expected = {s: v if math.isfinite(v) else None for s, v in curve.items()}
            assert said == expected
        else:
            assert list(said.values()) == list(curve.values())
        seen += 1
    assert seen == 5
    assert [(w, t["state"]) for w, t in sorted(trials.items())] == [
        (8, "complete"),
        (16, "failed"),
        (32, "failed"),
    ]
    assert trials[8]["config"] == {"width": 8, "act": "relu", "lr": 1e-3}
    assert trials[16]["config"]["act"] is None
    assert trials[8]["value"] == pytest.approx(0.65)
    assert trials[8]["test"] == pytest.approx(0.9)
    assert trials[16]["seeds"][1]["state"] == "diverged"
    assert trials[32]["reason"] == "failed in MLflow"
    assert audit(["--home", str(tmp_path)]) == 0
    (sweep,) = rows(tmp_path, "sweeps")
    assert (sweep["name"], sweep["metric"], sweep["base"]) == ("widths", "val/acc", {})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "several scores, loss, test/acc, val/acc: choose one with --metric"),
        (["--metric", "val_acc"], "did you mean 'val/acc'"),
        (["--metric", "val/acc", "--test", "test"], "did you mean 'test/acc'"),
        (["--metric", "val/acc", "--of", "width"], "did you mean 'widths'"),
    ],
)
def test_bad_input_gets_one_line(
    words: list[str],
    said: str,
    store: tuple[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source, _ = store
    assert import_sweep(tmp_path, "--from", "mlflow", "--source", source, *WAY, *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere.db", "no runs of MLflow's at"),
        ("sqlite:////nowhere/mlflow.db", "no runs of MLflow's at /nowhere/mlflow.db"),
        ("{}/other.db", "a database of something else"),
        ("{}", "holds no experiment"),
        ("ftp://host", "no address of MLflow's"),
        ("http://u:secret@127.0.0.1:9", "cannot ask MLflow at http://***@127.0.0.1:9"),
    ],
)
def test_what_is_no_mlflow_gets_one_line_and_nothing_is_made(
    source: str,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sqlite3
    from contextlib import closing

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    folder = tmp_path / "there"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "other.db")) as database:
        database.execute("create table something (x)")
    words = ["--from", "mlflow", "--source", source.format(folder), *WAY]
    assert import_sweep(tmp_path / "home", *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "secret" not in error
    assert error.count("\n") == 1
    assert not Path("nowhere.db").exists()
