"""An exception of a library is never told as the user's mistake: only a UserError is an answer."""

from __future__ import annotations

import ast
import json
import random
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import focus_core.data.__main__ as fetch
from analysis import report, trial
from focus_core.errors import UserError
from sweeps import audit, generate, launch, look, ui
from sweeps.commands.command_line import answer
from tests.analysis.conftest import grid_sweep, write_ledger

ROOT = Path(__file__).parent.parent
OURS = tuple(f"{ROOT / name}/" for name in ("focus_core", "search_spaces", "sweeps", "analysis"))
SAID = "what a library says"
FOREIGN: list[Callable[[], Exception]] = [
    lambda: ValueError(SAID),
    lambda: KeyError(SAID),
    lambda: TypeError(SAID),
    lambda: OverflowError(SAID),
    lambda: json.JSONDecodeError(SAID, "{", 0),
    lambda: UnicodeDecodeError("utf-8", b"\xc3", 0, 1, SAID),
    lambda: np.linalg.LinAlgError(SAID),
    lambda: sqlite3.ProgrammingError(SAID),
    lambda: ArithmeticError(SAID),
]
COMMANDS: dict[str, tuple[Callable[[list[str]], int], list[str]]] = {
    "launch --dry-run": (launch.main, ["--space", "order", "--dry-run", "--set", "model.width=8"]),
    "launch --list": (launch.main, ["--list"]),
    "report": (report.main, []),
    "audit": (audit.main, []),
    "generate": (generate.main, ["0a", "x"]),
    "look": (look.main, ["0a"]),
    "trial": (trial.main, ["0123456789ab"]),
    "ui": (ui.main, ["--no-browser"]),
    "fetch": (fetch.main, ["fetch", "mnist", "--to", "/proc/no-such-folder"]),
}
MEANT_TO_CATCH = (
    "cannot be used:",  # a space is a file that a person writes: its errors are that person's
    "its `when` raised",  # so is the condition of an axis
    "does not answer as it should",  # whatever MLflow raises, its server is what to look at
    "sweeps.look ended with",
)
A_TRY = 40
TELLERS = ("main", "_say", "_answer", "_interrupted_once")
AROUND = ("command_line.py", "redact.py", "focus_core/output.py", "surroundings.py")


def reached(command: Callable[[], int]) -> list[tuple[str, str]]:
    """Our functions that ``command`` calls: file and name."""
    seen: dict[tuple[str, str], None] = {}

    def watch(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(OURS):
            seen[code.co_filename, code.co_qualname] = None

    sys.setprofile(watch)
    try:
        command()
    finally:
        sys.setprofile(None)
    # What those raise that tell of an error, nobody is left to tell.
    return [
        (path, name)
        for path, name in seen
        if not path.endswith(AROUND) and not name.startswith(TELLERS)
    ]


@contextmanager
def raised_at(place: tuple[str, str], error: Exception) -> Iterator[None]:
    """The first call of the function at ``place`` raises ``error``."""
    left = [error]

    def strike(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "call" and left and (code.co_filename, code.co_qualname) == place:
            raise left.pop()

    sys.settrace(strike)
    try:
        yield
    finally:
        sys.settrace(None)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("FOCUS_DEBUG", raising=False)
    write_ledger(tmp_path, grid_sweep())
    monkeypatch.setattr(report, "_fill", lambda *_: [])  # matplotlib takes seconds
    return tmp_path


def struck(
    label: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[Exception, int, str]]:
    """A foreign error raised in one of our functions after the other, and how it was told."""
    main, words = COMMANDS[label]
    words = words if label in ("launch --list", "fetch") else [*words, "--home", str(home)]
    places = reached(lambda: main(words))
    draws = random.Random(label)
    for place in draws.sample(places, min(A_TRY, len(places))):
        error = draws.choice(FOREIGN)()
        capsys.readouterr()
        with raised_at(place, error):
            code = main(words)
        said = capsys.readouterr().err
        if SAID in said and not any(words in said for words in MEANT_TO_CATCH):
            yield error, code, said


@pytest.mark.parametrize("label", COMMANDS)
def test_a_foreign_exception_anywhere_is_unexpected_and_no_mistake_of_the_user(
    label: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = list(struck(label, home, capsys))
    assert told, "nothing was raised where it is seen"
    for error, code, said in told:
        assert (code, said.count("\n")) == (1, 1), (error, said)
        assert f"unexpected {type(error).__name__}: " in said
        assert "(FOCUS_DEBUG=1 shows where)" in said


def test_a_foreign_exception_told_as_a_mistake_of_the_user_is_seen(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control."""
    monkeypatch.setattr("sweeps.commands.command_line.UserError", ValueError)
    codes = {code for _, code, _ in struck("launch --dry-run", home, capsys)}
    assert codes == {1, 2}


@pytest.mark.parametrize("error", FOREIGN, ids=lambda make: type(make()).__name__)
def test_only_our_own_errors_are_answers(
    error: Callable[[], Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    def ends_with(raised: Exception) -> int:
        return answer("x.py", lambda: (_ for _ in ()).throw(raised))

    assert (ends_with(UserError("do this")), ends_with(error())) == (2, 1)
    answered, unexpected = capsys.readouterr().err.splitlines()
    assert answered == "x.py: do this"
    assert unexpected.startswith(f"x.py: unexpected {type(error()).__name__}: ")


# Functions of numbers, whose arguments every config has been checked for: a ValueError of theirs is
# a mistake in the program. Or of a state, which whoever goes on from one refuses then.
OF_NUMBERS = {
    "focus_core/training/replicate.py",
    "focus_core/training/loop.py",
    "focus_core/systems/focus/ablations/coefficients.py",
    "focus_core/systems/counts.py",
    "focus_core/layers/convolution.py",
    "focus_core/systems/focus/ablations/realisations.py",
    "focus_core/systems/focus/ablations/gains.py",
}


def plain_value_errors(code: str) -> list[int]:
    """The lines of a source that raise a ValueError, or catch one from a call of ours as if it
    were an answer to a person.
    """
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Raise) and node.exc is not None:
            raised: Any = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            found += [node.lineno] if ast.unparse(raised) == "ValueError" else []
        elif isinstance(node, ast.ClassDef):
            named = [base for base in node.bases if ast.unparse(base) == "ValueError"]
            found += [node.lineno] * len(named)
    return found


def test_errors_meant_for_people_are_no_plain_value_errors() -> None:
    files = [path for folder in OURS for path in sorted(Path(folder).rglob("*.py"))]
    assert len(files) > 100
    found = {str(p.relative_to(ROOT)): plain_value_errors(p.read_text()) for p in files}
    wrong = {path for path, lines in found.items() if lines} - {"focus_core/errors.py"}
    assert wrong == OF_NUMBERS


@pytest.mark.parametrize(
    "code",
    ["raise ValueError('use 3')", "raise ValueError", "class OddError(ValueError): pass"],
)
def test_a_plain_value_error_is_seen(code: str) -> None:
    """Negative control."""
    assert plain_value_errors(code) == [1]
    assert plain_value_errors(code.replace("ValueError", "UserError")) == []
