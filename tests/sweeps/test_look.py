"""The numbers of a trained trial, as a user asks for them; and every way to ask wrongly."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from focus_core.config import TrialConfig
from focus_core.tasks import build_task
from focus_core.training.network import build_model
from search_spaces.variants import VARIANTS
from sweeps import look as command
from sweeps.workers.trained_network import Trained
from tests.sweeps.local_launches import SMALL, rows, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture

WORDS = ["--space", "ablation", "--local", "--seeds", "2", "--set", *SMALL, "train.steps=4"]
WORDS += [
    "train.eval_every=4",
    "task.length=32",
    "task.gap=16",
    "model.bin_length=4",
    "variant=base",
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, blank_database: Path) -> Path:  # noqa: F811
    """With one trial."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(blank_database, folder / "mlflow.db")
    code, _, said = run_here(folder, [*WORDS, "--name", "focus"])
    assert code == 0, said
    return folder


@pytest.fixture(autouse=True)
def _soon_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("focus_core.tools.speed.LENGTHS", (64, 128))


def trial_of(home: Path, name: str) -> str:
    return rows(home / "ledger.db", name)[1][0].trial_id


def contents(home: Path) -> list[Path]:
    """Without what SQLite keeps beside a database that is open."""
    return sorted(path for path in home.rglob("*") if not path.name.startswith("ledger.db-"))


def ask(home: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[dict[str, Any], str]:
    """What was written, and what was said."""
    assert command.main([*words, "--home", str(home)]) == 0
    said, complained = capsys.readouterr()
    assert complained == ""
    return json.loads(Path(said.splitlines()[-1]).read_text()), said


def test_a_focus_trial_has_all_three(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trial = trial_of(home, "focus")
    seen, said = ask(home, capsys, trial[:7])
    assert said == f"{home / 'looks' / f'{trial}-seed0.json'}\n"
    assert (seen["trial_id"], seen["seed"], seen["leaks"]) == (trial, 0, [])
    (layer,) = seen["layers"]
    assert layer["places"] == list(range(8))
    assert layer["important"] == seen["key_place"] // 4 < 16 / 4
    assert len(seen["channels"]) == len(layer["impulse"]) == len(layer["channel_db"]) == 3
    assert seen["timings"].keys() == {"focus", "flash_transformer"}
    for timings in seen["timings"].values():
        assert [row["length"] for row in timings] == [64, 128]
        assert all(min(row["forward_ms"], row["step_ms"]) > 0 for row in timings)
    assert seen["versions"].keys() == {"python", "torch"}
    assert [path.name for path in (home / "looks").iterdir()] == [f"{trial}-seed0.json"]


def test_it_is_the_trained_weights_that_are_seen(
    home: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    trial = trial_of(home, "focus")
    first, again, other = (
        ask(home, capsys, trial, "--seed", seed, "--out", str(tmp_path / f"{name}.json"))[0]
        for name, seed in (("first", "0"), ("again", "0"), ("other", "1"))
    )
    assert first["layers"] == again["layers"]
    assert first["layers"] != other["layers"]
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "again.json",
        "first.json",
        "other.json",
    ]


def untrained(variant: str) -> Trained:
    """A trial of that variant, with the weights it would start from."""
    small = {"model.width": 8, "task.length": 32, "task.gap": 16, "model.bin_length": 4}
    trial = TrialConfig().override(small | VARIANTS[variant].changes)
    task = build_task(trial.task, 0)
    net = build_model(
        trial.model, vocab_size=task.vocab_size, num_outputs=task.num_outputs, max_length=32
    )
    return Trained(trial, 0, net.state_dict())


def test_a_network_without_filters_says_so(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "sweeps.workers.trained_network.find_trained", lambda *_: untrained("flash_transformer")
    )
    seen, said = ask(home, capsys, "any", "--out", str(tmp_path / "a.json"))
    assert said.startswith("This network has no Focus filters: only time against length")
    assert seen["layers"] == []
    assert seen["timings"].keys() == {"flash_transformer"}


@pytest.mark.parametrize(("variant", "backwards"), [("literal", True), ("shift_0", False)])
def test_a_leaky_trial_is_marked(variant: str, backwards: bool) -> None:
    seen = command.look(untrained(variant))
    assert seen["leaks"]
    assert seen["backwards"] == backwards


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["0123456789ab"], "no trial '0123456789ab': the report and MLflow show their ids"),
        (["FOCUS", "--seed", "7"], "has no checkpoint with seed 7"),
        (["FOCUS", "--seed", "one"], "--seed: 'one' is no seed"),
        (["FOCUS", "--out", "/no/such/folder/x.json"], "must be a file in a folder"),
        (["FOCUS", "--out", "."], "must be a file in a folder"),
        (["FOCUS", "--out", ""], "--out: '' must be not empty"),
        (["FOCUS", "--sed", "1"], "did you mean --seed?"),
        ([], "TRIAL_ID"),
        (["%"], "no trial '%'"),
    ],
)
def test_a_wrong_question_is_told_in_a_line(
    home: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    trial = trial_of(home, "focus")
    before = contents(home)
    code = command.main([*(trial if w == "FOCUS" else w for w in words), "--home", str(home)])
    shown = capsys.readouterr()
    assert (code, shown.out) == (2, "")
    assert len(shown.err.splitlines()) == 1
    assert said in shown.err
    assert contents(home) == before


def test_a_home_that_cannot_keep_it_is_told(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copy = tmp_path / "home"
    shutil.copytree(home, copy, ignore=shutil.ignore_patterns("looks"))
    (copy / "looks").write_text("in the way")
    monkeypatch.setattr(command, "look", lambda _: {"layers": [1]})
    assert command.main([trial_of(home, "focus"), "--home", str(copy)]) == 2
    assert f"cannot write {copy / 'looks'}" in capsys.readouterr().err
    assert (copy / "looks").read_text() == "in the way"
