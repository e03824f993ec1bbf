"""An experiment folder of Ray Tune's comes back as Tune itself reads it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sweeps.audit import main as audit
from tests.importing import by_trial, import_sweep, rows

WAY = ["--direction", "minimize"]
# In a process of its own: it ends whatever Ray it started. The best rate is trained to the end with
# both seeds, the next two are stopped by ASHA once they fall behind, the largest one raises.
TUNE = """
import json, sys, ray
from ray import tune

def train(config):
    for step in range(1, 9):
        if config["optimizer"]["lr"] == 0.5 and step == 2:
            raise RuntimeError("the loss exploded")
        tune.report({"loss": config["optimizer"]["lr"] * 10 + 1 / step - config["seed"] / 100,
                     "eval": {"accuracy": 1 - 1 / step}})

ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
stop = tune.schedulers.ASHAScheduler(max_t=8, grace_period=2, reduction_factor=2)
space = {"optimizer": {"lr": tune.grid_search([0.01, 0.02, 0.3, 0.5]), "name": "adam"},
         "seed": tune.grid_search([0, 1]), "sizes": [8, 8]}
tuner = tune.Tuner(
    train,
    param_space=space,
    tune_config=tune.TuneConfig(metric="loss", mode="min", scheduler=stop, max_concurrent_trials=1),
    run_config=tune.RunConfig(name="rates", storage_path=sys.argv[1], verbose=0),
)
tuner.fit()
found = tune.ExperimentAnalysis(sys.argv[1] + "/rates")
told = []
for trial in found.trials:
    frame = found.trial_dataframes[trial.trial_id]
    told.append({"config": trial.config, "state": trial.status,
                 "loss": [float(x) for x in frame.get("loss", [])],
                 "accuracy": [float(x) for x in frame.get("eval/accuracy", [])]})
print("TOLD" + json.dumps(told))
"""


@pytest.mark.slow
def test_a_real_experiment_comes_back_as_tune_reads_it(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TUNE, str(tmp_path / "tune")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("TOLD")]
    told = json.loads(line.removeprefix("TOLD"))
    assert {each["state"] for each in told} == {"TERMINATED", "ERROR"}
    words = ["--from", "ray", "--source", str(tmp_path / "tune" / "rates"), *WAY]
    assert import_sweep(tmp_path, *words, "--test", "eval/accuracy") == 0
    trials = {trial["config"]["optimizer/lr"]: trial for trial in by_trial(tmp_path)}
    for each in told:
        trial = trials[each["config"]["optimizer"]["lr"]]
        assert trial["config"]["sizes"] == "[8, 8]"
        seed = each["config"]["seed"]
        said = [
            report["metrics"][f"value/{seed}"]
            for report in trial["reports"]
            if f"value/{seed}" in report["metrics"]
        ]
        assert said == each["loss"]
        replicate = trial["seeds"][seed]
        if each["state"] == "ERROR":
            assert (replicate["state"], trial["state"]) == ("failed", "failed")
            assert "the loss exploded" in trial["reason"]
            # the whole traceback; of a program given as a word Python has no source to show
            assert 'File "<string>", line 8, in train\n' in trial["error"]
            assert trial["error"].rstrip().endswith("RuntimeError: the loss exploded")
            assert "\x1b" not in trial["error"]  # Ray colours it for a terminal
        else:
            whole = len(each["loss"]) == 8
            assert replicate["state"] == ("complete" if whole else "pruned")
            assert replicate["test"] == (each["accuracy"][-1] if whole else None)
    assert {"complete", "pruned", "failed"} == {trial["state"] for trial in trials.values()}
    assert audit(["--home", str(tmp_path)]) == 0


def folder(where: Path, trials: list[tuple[dict[str, Any], str, list[Any]]]) -> Path:
    """What Tune leaves of trials: config, status, losses; as a real run of 2.60 wrote it."""
    where.mkdir(parents=True)
    state: dict[str, Any] = {"trial_data": [], "runner_data": {"_metric": "loss"}, "stats": {}}
    for number, (config, status, losses) in enumerate(trials):
        own = where / f"train_{number}"
        own.mkdir()
        (own / "params.json").write_text(json.dumps(config))
        results = [
            {"loss": loss, "eval": {"accuracy": 0.5}, "training_iteration": at, "pid": 17,
             "timestamp": 1795610971, "time_total_s": 2.0 * at, "config": config}
            for at, loss in enumerate(losses, 1)
        ]  # fmt: skip
        if results:
            (own / "result.json").write_text("".join(json.dumps(r) + "\n" for r in results))
        about = {"trial_id": f"ab_{number}", "status": status, "relative_logdir": own.name}
        more = {"start_time": 1795610971.5, "last_result_time": 1795610981.5}
        state["trial_data"].append([json.dumps(about | {"config": config}), json.dumps(more)])
    (where / "experiment_state-2026-11-25_12-48-13.json").write_text(json.dumps(state))
    return where


def test_states_are_told_apart(tmp_path: Path) -> None:
    trials = [
        ({"lr": 0.1}, "TERMINATED", [3.0, 2.0, 1.0]),
        ({"lr": 0.2}, "TERMINATED", [3.0]),
        ({"lr": 0.3}, "ERROR", [2.0, 4.0]),
        ({"lr": 0.4}, "TERMINATED", [2.0, 4.0, math.nan]),
        ({"lr": 0.5}, "RUNNING", [2.0]),
        ({"lr": 0.6}, "PENDING", []),
    ]
    source = folder(tmp_path / "exp", trials)
    (source / "train_2" / "error.txt").write_text("Traceback\nValueError: no\n")
    assert import_sweep(tmp_path, "--from", "ray", "--source", str(source), *WAY) == 0
    found = by_trial(tmp_path)
    assert [t["state"] for t in found] == [
        *("complete", "pruned", "failed", "failed", "running", "waiting")
    ]
    assert [t["reason"] for t in found][:4] == [
        None,
        "ended at iteration 1 of 3",
        "ValueError: no",
        "diverged: 1 of 1 seed, the first at step 3",
    ]
    assert [t["value"] for t in found] == [1.0, 3.0, None, None, 2.0, None]
    assert [t["seconds"] for t in found] == [6.0, 2.0, 4.0, 6.0, 2.0, 0.0]
    assert rows(tmp_path, "sweeps")[0]["finished"] is None
    assert audit(["--home", str(tmp_path)]) == 0


def test_a_result_that_was_not_written_to_its_end_is_left_out(tmp_path: Path) -> None:
    source = folder(tmp_path / "exp", [({"lr": 0.1}, "TERMINATED", [3.0, 2.0])])
    path = source / "train_0" / "result.json"
    path.write_text(path.read_text()[:-20])
    assert import_sweep(tmp_path, "--from", "ray", "--source", str(source), *WAY) == 0
    assert [report["value"] for report in by_trial(tmp_path)[0]["reports"]] == [3.0]


def test_nothing_of_a_folder_is_unpickled(tmp_path: Path) -> None:
    source = folder(tmp_path / "exp", [({"lr": 0.1}, "TERMINATED", [3.0])])
    mark = tmp_path / "ran"
    attack = f"cos\nsystem\n(S'touch {mark}'\ntR.".encode()
    for name in ("tuner.pkl", "train_0/params.pkl", "train_0/error.pkl"):
        (source / name).write_bytes(attack)
    assert import_sweep(tmp_path, "--from", "ray", "--source", str(source), *WAY) == 0
    assert not mark.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--source", "{}"], "is no experiment folder of Ray Tune's; one inside it is: name"),
        (["--source", "{}/exp/train_0"], "is no experiment folder of Ray Tune's"),
        (["--source", "{}/exp", "--metric", "los"], "did you mean 'loss'"),
        (["--source", "{}/exp", "--metric", "pid"], "there are eval/accuracy, loss"),
        (["--source", "{}/exp", "--test", "accuracy"], "did you mean 'eval/accuracy'"),
        (["--source", "{}/bad"], "is written in no way that is known here"),
        (["--source", "{}/worse"], "cannot read"),
    ],
)
def test_bad_input_gets_one_line(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path / "exp", [({"lr": 0.1}, "TERMINATED", [3.0])])
    for name, text in (("bad", "{}"), ("worse", "{")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "experiment_state-2026.json").write_text(text)
    words = [word.format(tmp_path) for word in words]
    assert import_sweep(tmp_path / "home", "--from", "ray", *words, *WAY) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
