"""Questions of one's own as commands: swept, resumed, changed, refused, gone."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from analysis.findings.commands import more_seeds
from sweeps import audit, launch
from sweeps.record.home import find_home
from sweeps.record.reader import Rows, read_sweeps
from sweeps.record.reading import reading
from tests.bad_questions import GOOD
from tests.sweeps.local_launches import ROOT, SMALL

QUICK = ["--local", "--seeds", "1", "--set", *SMALL, "train.steps=4", "train.eval_every=2"]


def rows(home: Path, name: str) -> Rows:
    with reading(find_home(str(home), None)) as connection:
        (found,) = read_sweeps(connection, name)
    return found


def test_a_file_is_swept_resumed_changed_and_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    file, home = Path("mine.py"), tmp_path / "home"
    file.write_text(GOOD)
    words = ["--space", "mine.py", "--home", str(home), *QUICK]
    assert launch.main(words) == 0
    first = rows(home, "mine")
    assert [trial.state for trial in first.trials] == ["complete"] * 2
    assert first.sweep.space == "mine"

    file.write_text(GOOD + "# a comment changes nothing\n")
    assert launch.main(words) == 0
    assert [t.token for t in rows(home, "mine").trials] == [t.token for t in first.trials]

    file.write_text(
        GOOD.replace("1, 2", "1, 2, 3")
        .replace("far_recall,", "wide,")
        .replace("SPACE =", "wide = lambda: far_recall(parameterisation='lattice')\nSPACE =")
    )
    capsys.readouterr()
    assert launch.main(words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "axis model.order: 1, 2 is now model.order: 1, 2, 3" in said
    assert "model.parameterisation was sigmoid, now lattice" in said

    file.unlink()
    assert audit.main(["--home", str(home)]) == 0


def test_a_changed_condition_is_another_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = GOOD.replace(
        "axes=(",
        "axes=(choices('model.filters', 1, 2), "
        "choices('model.gain', 'l2', 'none', when=lambda p: p['model.filters'] == 1), ",
    )
    words = ["--space", "mine.py", "--home", str(tmp_path / "home"), *QUICK, "--trials", "1"]
    Path("mine.py").write_text(text)
    assert launch.main(words) == 0
    Path("mine.py").write_text(text.replace("== 1", "== 2"))
    capsys.readouterr()
    assert launch.main(words) == 2
    assert "other points, by the conditions of its axes" in capsys.readouterr().err


def test_a_question_in_one_line_is_swept_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--vary", "model.order=1,2", "--home", str(tmp_path), *QUICK]
    assert launch.main([*words, "--trials", "1"]) == 0
    assert "SPACE = Space(" in capsys.readouterr().out
    assert launch.main(words) == 0
    found = rows(tmp_path, "order")
    assert [trial.point for trial in found.trials] == [{"model.order": 1}, {"model.order": 2}]
    assert audit.main(["--home", str(tmp_path)]) == 0
    command = shlex.split(more_seeds(vars(found.sweep), 3))
    assert launch.main([*command[2:], "--local"]) == 0
    assert {len(trial.replicates) for trial in rows(tmp_path, "order").trials} == {3}
    capsys.readouterr()
    assert launch.main(["--vary", "model.order=1,2", "--base", "filter_bank", *words[2:]]) == 2
    assert "asks something else" in capsys.readouterr().err


def test_save_space_writes_a_file_that_is_launched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["--vary", "model.order=1,2", *QUICK[1:]]
    assert launch.main([*asked, "--save-space", "mine.py"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["mine.py"]
    capsys.readouterr()
    assert launch.main(["--space", "mine.py", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "2 (grid) x 1 seed x 4 steps" in said


def test_a_renamed_file_is_the_same_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("elsewhere").mkdir()
    Path("mine.py").write_text(GOOD)
    words = ["--name", "one", "--home", str(tmp_path / "home"), *QUICK]
    assert launch.main(["--space", "mine.py", *words]) == 0
    first = rows(tmp_path / "home", "one")
    Path("mine.py").rename("elsewhere/other.py")
    assert launch.main(["--space", "elsewhere/other.py", *words]) == 0
    again = rows(tmp_path / "home", "one")
    assert [trial.token for trial in again.trials] == [trial.token for trial in first.trials]
    assert (again.sweep.given or {})["space"] == "mine.py"  # the first launch's, with its hash
    assert audit.main(["--home", str(tmp_path / "home")]) == 0
    for before, after in (("far_recall,", "wide,"), ('"?"', '"!"')):  # control: another base
        text = "wide = lambda: far_recall(parameterisation='lattice')\nSPACE ="
        Path("elsewhere/other.py").write_text(GOOD.replace(before, after).replace("SPACE =", text))
        code = launch.main(["--space", "elsewhere/other.py", *words])
        assert code == (2 if after == "wide," else 0)  # its sentence is for people
    said = capsys.readouterr().err
    assert "asks something else (model.parameterisation was sigmoid, now lattice)" in said


CONDITION = """
from focus_core.config import TrialConfig
from optuna.distributions import FloatDistribution
from search_spaces.axes import Axis, choices
from search_spaces.bases import far_recall
from search_spaces.space import Space

SPACE = Space(
    question="?", base=far_recall, seeds=1, trials=1, sampler="random", pruner=None,
    axes=(
        Axis(key="train.learning_rate", distribution=FloatDistribution(1e-4, 1e-2)),
        choices("model.order", 1, 2, when=lambda point: point["train.learning_rate"] > 5e-3),
    ),
)
"""


def test_a_condition_within_a_range_is_part_of_the_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--name", "one", "--home", str(tmp_path / "home"), *QUICK]
    for name, bound, code in (("a", "5e-3", 0), ("b", "5e-3", 0), ("c", "9.9e-3", 2)):
        Path(f"{name}.py").write_text(CONDITION.replace("5e-3", bound))
        assert launch.main(["--space", f"{name}.py", *words]) == code
    assert "other points, by the conditions of its axes" in capsys.readouterr().err


def test_a_file_with_the_name_of_a_space_here_is_another_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["--home", str(tmp_path / "home"), *QUICK, "--trials", "1"]
    text = (ROOT / "search_spaces/order.py").read_text()
    assert launch.main(["--space", "order", *words]) == 0
    Path("order.py").write_text(text)
    assert launch.main(["--space", "order.py", *words]) == 2
    said = "(the question was this project's order, now a question of your own)"
    assert said in capsys.readouterr().err
    assert launch.main(["--space", "order", *words]) == 0  # control


@pytest.mark.parametrize(
    ("asked", "edit"),
    [
        (
            ["--vary", "model.order=1,2"],
            ("1, 2", "2, 1", "is now model.order: 2, 1"),
        ),
        (
            ["--vary", "variant=base,mega", "--set", "model.ema_size=3"],  # one arm alone reads it
            ('"model.ema_size": 3', '"model.ema_size": 2', "model.ema_size was 3, now 2"),
        ),
        (
            ["--space", "focus", "--vary", "model.order=1,2", "--trials", "1"],
            ('"train.steps": 4', '"train.steps": 6', "train.steps was 4, now 6"),
        ),
    ],
)
def test_a_question_in_one_line_goes_on_as_its_file(
    asked: list[str],
    edit: tuple[str, str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    more = ["--name", "one", "--home", str(tmp_path / "home"), "--local"]
    asked = [*asked, *QUICK[1:]]
    assert launch.main([*asked, *more]) == 0
    first = rows(tmp_path / "home", "one")
    assert launch.main([*asked, "--save-space", "mine.py"]) == 0
    file = ["--space", "mine.py", *more]
    for words in (file, [*asked, *more]):
        assert launch.main(words) == 0
        again = rows(tmp_path / "home", "one")
        assert [trial.token for trial in again.trials] == [trial.token for trial in first.trials]
    assert audit.main(["--home", str(tmp_path / "home")]) == 0
    text = Path("mine.py").read_text()
    before, after, says = edit
    assert before in text
    Path("mine.py").write_text(text.replace(before, after))  # negative control
    capsys.readouterr()
    assert launch.main(file) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ('pruner="median"', "the pruner was None, now median"),
        ("pruner=None, equal_size=True", "the arms' ffn_width was {}, now {'base'"),
    ],
)
def test_an_edit_of_another_option_is_another_question(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    after: str,
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    text = GOOD.replace('"model.order", 1, 2', '"variant", "base", "transformer"')
    words = ["--space", "mine.py", "--home", str(tmp_path / "home"), *QUICK, "--trials", "1"]
    Path("mine.py").write_text(text)
    assert launch.main(words) == 0
    Path("mine.py").write_text(text.replace("pruner=None", after))
    capsys.readouterr()
    assert launch.main(words) == 2
    assert says in capsys.readouterr().err


def test_a_setting_of_what_varies_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--vary", "model.order=1,2", "model.filters=1,2", "--dry-run"]
    assert launch.main([*words, "--set", "model.order=2"]) == 0
    assert "--vary model.order does not vary: --set model.order fixes it" in capsys.readouterr().out
    assert launch.main(words) == 0
    assert "does not vary" not in capsys.readouterr().out  # negative control
