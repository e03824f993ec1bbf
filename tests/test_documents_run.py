"""The documents' commands that read a sweep are run, on tiny sweeps of the names that they use."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

import optuna
import pytest

from focus_core.data import own
from sweeps import audit, launch
from tests.own_files import has_files
from tests.plugin_files import FILES
from tests.sweeps.local_launches import SMALL, last_win
from tests.test_docs import planned, question_in_the_how_to
from tests.test_documents import DOCUMENTS, ROOT, commands

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
TINY = ["--local", "--seeds", "1", "--set", *SMALL, "train.steps=4", "train.eval_every=2"]
ARMS = ["--space", "ablation", "--vary", "variant=base,flash_transformer"]
BINS = ["--space", "nfft_bins", "--vary", "model.bin_length=64,16", "model.nfft_factor=1,2"]
TEXT = ["task.name=pydoc_text", "task.prefix=20000", "task.length=32"]
SWEEPS = [
    ["--space", "adaptivity", "--vary", "variant=base,focus_h", *TINY],
    ["--space", "order", "--name", "mine", "--vary", "model.order=1,2", *TINY],
    [*BINS, "--name", "longer", *TINY],
    ["--vary", "model.filters=1,2", "--name", "text", *TINY, *TEXT],
]
LAST = {"asking.md": [*ARMS, *TINY], "": [*BINS, *TINY]}
"""By document, the sweep last worked on; under no name, that of the other documents."""
ASKS = ("--ask", "--check")


def shown() -> list[tuple[str, tuple[str, ...]]]:
    """The commands of this project that a document shows, but for launches and downloads."""
    found = {
        (document.name, tuple(line))
        for document in DOCUMENTS
        for line in commands(document.read_text())
        if line[0] == "python" and line[1].removesuffix(".py") != "sweeps/launch"
    }
    return sorted(c for c in found if "focus_core.data" not in c[1] and "benchmarks" not in c[1][1])


def program(words: Sequence[str]) -> tuple[Callable[[list[str]], int], list[str]]:
    """The command's function, and its words."""
    name, rest = (words[2], words[3:]) if words[1] == "-m" else (words[1], words[2:])
    module = import_module(name.removesuffix(".py").replace("/", "."))
    return module.main, list(rest)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = {}
    for document, last in LAST.items():
        home = tmp_path_factory.mktemp("home")
        for words in (*SWEEPS, [*ARMS, *TINY], last):
            assert launch.main([*words, "--home", str(home)]) == 0
        found[document] = home
    return found


def claims() -> str:
    (block,) = re.findall(
        r"^```toml\n(.*?)^```", (ROOT / "docs/asking.md").read_text(), re.M | re.S
    )
    return str(block)


def a_text(home: Path) -> str:
    from sweeps.record.home import find_home
    from sweeps.record.reader import read_sweeps
    from sweeps.record.reading import reading

    with reading(find_home(str(home), None)) as connection:
        (rows,) = read_sweeps(connection, "text")
    return rows.trials[0].trial_id


@pytest.mark.parametrize(("document", "line"), shown(), ids=lambda part: str(part)[:80])
def test_a_command_of_the_documents_is_run(
    homes: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    document: str,
    line: tuple[str, ...],
) -> None:
    home = homes.get(document, homes[""])
    imports = "--import" in line  # what is imported would be the sweep last worked on
    monkeypatch.setenv("FOCUS_HOME", str(tmp_path / "home" if imports else home))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "claims.toml").write_text(claims())
    study = optuna.create_study(storage="sqlite:///study.db")
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=3)
    main, words = program([a_text(home) if word == "TRIAL_ID" else word for word in line])
    if words == ["--help"]:
        with pytest.raises(SystemExit, match="0"):
            main(words)
        return
    code = main(words)
    assert code in ((0, 1, 2) if any(flag in words for flag in ASKS) else (0,))


SHORT = ["--local", "--trials", "1", "--seeds", "1", "--set", "train.steps=2", "train.eval_every=1"]
SHORT += ["train.warmup_steps=1", "train.batch_size=4"]
SHORT += ["task.eval_sequences=8", "task.test_sequences=8"]
LAUNCHES = [words for words in planned() if "--save-space" not in words]


@pytest.mark.parametrize("words", LAUNCHES, ids=" ".join)
def test_a_launch_of_the_documents_is_run(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One trial of two steps, in this process; everything else as it stands."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own, "_HELD", {})
    monkeypatch.setenv("FOCUS_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    has_files(tmp_path)
    for name, source in {**FILES, "my_question.py": question_in_the_how_to()}.items():
        (tmp_path / name).write_text(source)
    asked = last_win([word for word in words if word != "--dry-run"] + SHORT)
    assert launch.main([*asked, "--home", "home"]) == 0
    assert audit.main(["--home", "home"]) == 0


def test_the_homes_are_clean(homes: dict[str, Path]) -> None:
    for home in homes.values():
        assert audit.main(["--home", str(home)]) == 0


def test_a_command_that_fails_is_seen(homes: dict[str, Path]) -> None:
    """Negative control."""
    main, words = program(["python", "analysis/report.py", "--sweep", "none", "--home", "here"])
    assert main(words) == 2
    assert len(shown()) > 15
