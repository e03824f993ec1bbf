"""Numbers too large and paths too long are refused in one line, before anything is written."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest

import focus_core.data.__main__ as fetch
from analysis import report, trial
from focus_core.config import TrialConfig
from focus_core.errors import UserError
from focus_core.options.checks import MOST
from focus_core.options.words import parts
from sweeps import audit, generate, launch, look, ui
from tests.test_bad_input import contents
from tests.test_words import KINDS

WHOLE = [key for key, kind in KINDS.items() if int in parts(kind)]
REAL = [key for key, kind in KINDS.items() if float in parts(kind)]
ORDER = ["--space", "order", "--dry-run"]


def too_large(kind: type, seed: str) -> list[str]:
    """Numbers beyond what databases, torch and its 32-bit numbers hold, as words."""
    draws = random.Random(seed)
    powers = [2**31, 2**53, 2**63 - 1, 2**63, 2**64, 10**22, 10 ** draws.randint(10, 4000)]
    found = [str(n) for n in [MOST[int] + 1, *powers]] + ["9" * 5000]
    reals = ["1e31", "1.7e308", "1e309", f"1e{draws.randint(31, 9999)}", "9" * 400]
    return found if kind is int else reals


@pytest.mark.parametrize("key", WHOLE + REAL)
def test_no_field_takes_a_number_too_large(
    key: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = too_large(int if key in WHOLE else float, key)
    for word in [*words, *(f"-{word}" for word in words[:4])]:
        home = ["--home", str(tmp_path / "home")]
        assert launch.main([*ORDER, *home, "--set", f"{key}={word}"]) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert len(said) < 300
        assert said.startswith(f"launch.py: {key} must be ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("key", WHOLE + REAL)
def test_no_config_takes_a_number_too_large(key: str) -> None:
    """Also one that came from a file of spaces, or a database."""
    for number in (10**10, 2**63, -(2**63), 10**400, 10**5000):
        value = number if key in WHOLE else number**4
        with pytest.raises(UserError, match=rf"^{key} must be at most "):
            TrialConfig().override({key: value})


@pytest.mark.parametrize("key", WHOLE)
def test_the_largest_number_is_refused_for_nothing_of_the_machine(key: str) -> None:
    """It may break a rule between fields; what is made of it must fit everywhere."""
    try:
        trial = TrialConfig().override({key: MOST[int]})
    except UserError:
        return
    numbers = [value for value in trial.resolved().flat().values() if isinstance(value, int)]
    assert max(numbers) < 2**63
    assert trial.trial_id


@pytest.mark.parametrize("flag", ["--trials", "--seeds", "--max-concurrent"])
@pytest.mark.parametrize("word", ["1000001", "9" * 23, "9" * 5000, str(2**63)])
def test_no_flag_takes_a_number_too_large(
    flag: str, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert launch.main([*ORDER, "--sampler", "random", flag, word]) == 2
    said = capsys.readouterr().err
    assert f"{flag}: " in said
    assert "at most 1000000" in said
    assert len(said) < 200


@pytest.mark.parametrize("flag", ["--cpus-per-trial", "--gpus-per-trial"])
@pytest.mark.parametrize("word", ["1e300", "1e999", "9" * 5000])
def test_no_amount_is_too_large(flag: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert launch.main([*ORDER, "--address", "auto", flag, word]) == 2
    assert capsys.readouterr().err.count("\n") == 1


COMMANDS: dict[str, tuple[Any, list[str]]] = {
    "launch.py": (launch.main, ["--space", "order"]),
    "report.py": (report.main, []),
    "audit.py": (audit.main, []),
    "sweeps.ui": (ui.main, ["--no-browser"]),
    "sweeps.generate": (generate.main, ["0a", "x"]),
    "sweeps.look": (look.main, ["0a"]),
    "trial.py": (trial.main, ["0123456789ab"]),
}
LONG = ["x" * 5000, "x" * 256, "é" * 200, "/".join(["y" * 200] * 25), f"a/{'z' * 300}/b"]
LONG += ["/".join("a" * 2500), "~/" + "x" * 5000]


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("FOCUS_HOME", "FOCUS_LEDGER_URL", "MLFLOW_TRACKING_URI", "FOCUS_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(
        "sweeps.launching.run._drive", lambda *_, **__: pytest.fail("it was accepted")
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(main: Any, words: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert len(said.err) < 800
    assert contents(folder) == {}
    return said.err


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("word", LONG, ids=range(len(LONG)))
def test_a_home_too_long_is_refused(
    name: str,
    word: str,
    nowhere: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    main, words = COMMANDS[name]
    said = refused(main, [*words, "--home", word], nowhere, capsys)
    assert said.startswith(f"{name}: --home: ")
    assert "use a shorter one" in said
    monkeypatch.setenv("FOCUS_HOME", word)
    assert "FOCUS_HOME: " in refused(main, words, nowhere, capsys)


@pytest.mark.parametrize("name", ["launch.py", "report.py", "audit.py", "sweeps.generate"])
@pytest.mark.parametrize("word", LONG[:5], ids=range(5))
def test_a_ledger_address_too_long_is_refused(
    name: str,
    word: str,
    nowhere: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    main, words = COMMANDS[name]
    monkeypatch.setenv("FOCUS_LEDGER_URL", f"sqlite:////{word}")
    assert "FOCUS_LEDGER_URL: " in refused(main, words, nowhere, capsys)


@pytest.mark.parametrize("word", LONG[:5], ids=range(5))
def test_a_tracking_address_too_long_is_refused(
    word: str, nowhere: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"sqlite:////{word}"
    given = [*COMMANDS["launch.py"][1], "--tracking-uri", address]
    assert "--tracking-uri: " in refused(launch.main, given, nowhere, capsys)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    for name in ("launch.py", "sweeps.ui", "audit.py"):
        main, words = COMMANDS[name]
        assert "MLFLOW_TRACKING_URI: " in refused(main, words, nowhere, capsys)


def test_a_home_that_sqlite_cannot_open_is_refused(
    nowhere: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Found by opening databases at paths of 480 to 1500 bytes: 504 works, 505 does not."""
    room = 505 - len(os.fsencode(nowhere)) - len("//ledger.db")
    word = "/".join(["x" * 100] * 10)[:room]
    said = refused(launch.main, [*ORDER[:2], "--home", word], nowhere, capsys)
    assert "505 bytes, and SQLite opens no file" in said
    assert launch.main([*ORDER, "--home", word[:-1]]) == 0


@pytest.mark.parametrize("word", LONG[:5], ids=range(5))
def test_other_paths_too_long_are_refused(
    word: str, nowhere: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "--out: " in refused(look.main, ["0a", "--out", word], nowhere, capsys)
    assert "--to: " in refused(fetch.main, ["fetch", "mnist", "--to", word], nowhere, capsys)
    monkeypatch.setenv("FOCUS_DATA", f"/{word}")
    words = ["--space", "order", "--set", "task.name=text8"]
    assert "FOCUS_DATA: " in refused(launch.main, words, nowhere, capsys)
