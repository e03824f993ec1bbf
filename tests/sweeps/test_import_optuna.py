"""A real study of Optuna's, with TPE and pruning, comes back from the ledger as it was."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages.journal import JournalFileBackend

from sweeps.audit import main as audit
from tests.importing import by_trial, import_sweep, rows

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}


def objective(trial: optuna.Trial) -> float:
    rate = trial.suggest_float("lr", 1e-4, 1e-1, log=True)
    layers = trial.suggest_int("enc.layers", 1, 4)
    act = trial.suggest_categorical("act", ["relu", "gelu", None])
    if act == "gelu":
        trial.suggest_float("dropout", 0.0, 0.5)
    for step in range(5):
        trial.report(rate * step + layers / (step + 1), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    if layers == 4:
        raise ValueError("four layers are too many")
    trial.set_user_attr("test_loss", layers + rate)
    return layers + 2 * rate


def make_study(storage: Any, name: str = "mine") -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=0, n_startup_trials=5)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=1)
    study = optuna.create_study(
        storage=storage, study_name=name, direction="minimize", sampler=sampler, pruner=pruner
    )
    study.enqueue_trial({"enc.layers": 4})  # one that fails
    study.optimize(objective, n_trials=25, catch=(ValueError,))
    return study


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("optuna") / "study.db"
    make_study(f"sqlite:///{path}")
    return path


def differences(study: optuna.Study, home: Path) -> list[str]:
    """What the ledger has otherwise than the study."""
    found = []
    trials = by_trial(home)
    for theirs, ours in zip(study.trials, trials, strict=True):
        steps = theirs.intermediate_values
        values = {r["step"]: r["metrics"]["value/0"] for r in ours["reports"]}
        seed = ours["seeds"][0]
        last = theirs.value if theirs.state.name == "COMPLETE" else steps[max(steps)]
        for what, one, other in (
            ("state", STATES[theirs.state.name], ours["state"]),
            ("params", theirs.params, ours["config"]),
            ("curve", steps, values),
            ("seed's value", last, seed["value"]),
            ("value", None if ours["state"] == "failed" else last, ours["value"]),
        ):
            if one != other:
                found.append(f"{theirs.number}: {what} {one} {other}")
    return found


def test_every_trial_is_as_the_study_has_it(sqlite: Path, tmp_path: Path) -> None:
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{sqlite}")
    assert {trial.state.name for trial in study.trials} == set(STATES)
    before = hashlib.sha256(sqlite.read_bytes()).hexdigest()
    home = tmp_path / "home"
    assert import_sweep(home, "--from", "optuna", "--source", str(sqlite), "--metric", "loss") == 0
    assert differences(study, home) == []
    (sweep,) = rows(home, "sweeps")
    assert (sweep["name"], sweep["metric"], sweep["direction"]) == ("mine", "loss", "minimize")
    assert (sweep["space"], sweep["sampler"], sweep["commit"]) == ("imported", "unknown", "")
    assert sweep["finished"] is not None
    assert hashlib.sha256(sqlite.read_bytes()).hexdigest() == before
    assert [path.name for path in sqlite.parent.iterdir()] == ["study.db"]


def test_negative_control_a_study_with_another_score_differs(sqlite: Path, tmp_path: Path) -> None:
    import_sweep(tmp_path, "--from", "optuna", "--source", f"sqlite:///{sqlite}")
    other = optuna.create_study(direction="minimize")
    study = optuna.load_study(study_name="mine", storage=f"sqlite:///{sqlite}")
    for trial in study.trials:
        if trial.state.name == "COMPLETE":
            trial.values = [trial.values[0] + 1e-9]
        other.add_trial(trial)
    assert any("value" in line for line in differences(other, tmp_path))


def test_axes_are_the_studys_distributions(sqlite: Path, tmp_path: Path) -> None:
    import_sweep(tmp_path, "--from", "optuna", "--source", str(sqlite))
    (sweep,) = rows(tmp_path, "sweeps")
    assert {axis["key"]: axis for axis in sweep["axes"]} == {
        "lr": {"key": "lr", "kind": "float", "low": 1e-4, "high": 0.1, "log": True},
        "enc.layers": {"key": "enc.layers", "kind": "int", "low": 1, "high": 4, "log": False},
        "act": {"key": "act", "kind": "categorical", "choices": ["relu", "gelu", None]},
        "dropout": {"key": "dropout", "kind": "float", "low": 0.0, "high": 0.5, "log": False},
    }
    trials = by_trial(tmp_path)
    assert all(("dropout" in t["point"]) == (t["config"]["act"] == "gelu") for t in trials)


def test_a_journal_is_read(tmp_path: Path) -> None:
    path = tmp_path / "journal.log"
    study = make_study(optuna.storages.JournalStorage(JournalFileBackend(str(path))))
    home = tmp_path / "home"
    assert import_sweep(home, "--from", "optuna", "--source", str(path), "--of", "mine") == 0
    assert differences(study, home) == []
    assert audit(["--home", str(home)]) == 0


def test_a_test_score_of_the_trials_own_is_taken(sqlite: Path, tmp_path: Path) -> None:
    words = ["--from", "optuna", "--source", str(sqlite), "--test", "test_loss"]
    assert import_sweep(tmp_path, *words) == 0
    for trial in by_trial(tmp_path):
        complete = trial["state"] == "complete"
        config = trial["config"]
        expected = config["enc.layers"] + config["lr"] if complete else None
        assert trial["test"] == expected


def test_trials_that_differ_in_the_seed_alone_are_one(tmp_path: Path) -> None:
    """The grid says each of them twice, with seeds of any size."""
    space = {"width": [8, 16], "seed": [7, 42, 1337]}
    path = tmp_path / "grid.db"
    study = optuna.create_study(
        storage=f"sqlite:///{path}", study_name="grid", sampler=optuna.samplers.GridSampler(space)
    )
    study.optimize(
        lambda t: t.suggest_int("width", 8, 16) + t.suggest_int("seed", 0, 2000) / 1e4, n_trials=6
    )
    assert import_sweep(tmp_path, "--from", "optuna", "--source", str(path)) == 0
    trials = sorted(by_trial(tmp_path), key=lambda trial: trial["config"]["width"])
    assert [t["config"] for t in trials] == [{"width": 8}, {"width": 16}]
    assert [sorted(t["seeds"]) for t in trials] == [[7, 42, 1337]] * 2
    assert trials[0]["value"] == pytest.approx(8 + (7 + 42 + 1337) / 3e4)
    assert rows(tmp_path, "sweeps")[0]["seeds"] == 3
    assert audit(["--home", str(tmp_path)]) == 0


@pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")
def test_one_of_several_objectives_is_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "two.db"
    study = optuna.create_study(
        storage=f"sqlite:///{path}", study_name="two", directions=["minimize", "maximize"]
    )
    study.set_metric_names(["loss", "speed"])
    study.optimize(lambda t: (t.suggest_float("x", 0, 1), 2.0), n_trials=3)
    words = ["--from", "optuna", "--source", str(path)]
    assert import_sweep(tmp_path, *words) == 2
    assert "several objectives, loss, speed: choose with --metric" in capsys.readouterr().err
    assert import_sweep(tmp_path, *words, "--metric", "speed") == 0
    (sweep,) = rows(tmp_path, "sweeps")
    assert (sweep["metric"], sweep["direction"]) == ("speed", "maximize")
    assert {trial["value"] for trial in by_trial(tmp_path)} == {2.0}


def test_a_study_at_work_is_an_unfinished_sweep(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    study = optuna.create_study(storage=f"sqlite:///{path}", study_name="s")
    study.optimize(lambda t: t.suggest_float("x", 0, 1), n_trials=2)
    running = study.ask()
    running.suggest_float("x", 0, 1)
    study.enqueue_trial({"x": 0.5})  # has not begun: it has no parameter yet
    assert import_sweep(tmp_path, "--from", "optuna", "--source", str(path)) == 0
    assert [trial["state"] for trial in by_trial(tmp_path)] == ["complete", "complete", "running"]
    assert rows(tmp_path, "sweeps")[0]["finished"] is None
    assert audit(["--home", str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--source", "{}", "--of", "mien"], "did you mean 'mine'"),
        (["--source", "nowhere.db"], "no storage of Optuna's at nowhere.db"),
        (["--source", "sqlite:////nowhere/study.db"], "no storage of Optuna's at /nowhere"),
        (["--source", "{}", "--direction", "maximize"], "the study says minimize"),
        (["--source", "{}", "--seed", "sed"], "--seed 'sed': no such parameter"),
        (["--source", "{}", "--parameters", "lrr"], "did you mean 'lr'"),
        (["--source", "{}", "--tuned", "layers"], "did you mean 'enc.layers'"),
        (["--source", "{}", "--name", "my study"], "add --name my_study"),
        (["--source", "postgres://u:secret@127.0.0.1:1/x"], "***@127.0.0.1"),
        (["--source", __file__], "cannot read Optuna's storage"),
    ],
)
def test_bad_input_gets_one_line(
    words: list[str],
    said: str,
    sqlite: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [word.format(sqlite) for word in words]
    assert import_sweep(tmp_path / "home", "--from", "optuna", *words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "secret" not in error
    assert error.count("\n") == 1
    assert not (tmp_path / "home").exists() or rows(tmp_path / "home", "sweeps") == []
