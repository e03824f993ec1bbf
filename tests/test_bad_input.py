"""Bad input to every command: one line that says what, where and what would be right; exit 2;
nothing written; no traceback unless asked for.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import search_spaces
from analysis import report, trial
from sweeps import audit, launch, look, ui
from sweeps.commands.command_line import one_line
from tests.bad_data import DATA
from tests.bad_input import FLAGS, NAMED, SECRET, VALUES, Case
from tests.bad_places import ENVIRONMENT, HOMES, LEDGERS, SPACES
from tests.bad_plugins import PLUGINS
from tests.bad_questions import QUESTIONS

ROOT = Path(__file__).parent.parent
MAIN = {
    **{"launch": launch.main, "report": report.main, "audit": audit.main, "ui": ui.main},
    **{"look": look.main, "trial": trial.main},
}
NAMES = {
    **{"launch": "launch.py", "report": "report.py", "audit": "audit.py", "ui": "sweeps.ui"},
    **{"look": "sweeps.look", "trial": "trial.py"},
}

BAD = FLAGS | NAMED | VALUES | SPACES | QUESTIONS | LEDGERS | HOMES | ENVIRONMENT | DATA
BAD |= PLUGINS


def contents(folder: Path) -> dict[str, bytes | None]:
    """Every file below ``folder`` with what is in it."""
    return {
        str(p.relative_to(folder)): p.read_bytes() if p.is_file() else None
        for p in sorted(folder.rglob("*"))
        if "__pycache__" not in p.parts
    }


def settings(case: Case, monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """Make the place, and complete the words."""
    for name in list(os.environ):
        if name.startswith(("FOCUS_", "MLFLOW_")):
            monkeypatch.delenv(name)
    for name, value in case.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(folder)
    case.there(folder)
    if case.words[:1] in (["--list"], []) and case.command == "launch":
        return case.words
    given = "--home" in case.words or "FOCUS_HOME" in case.environment
    return [*case.words, *([] if given else ["--home", str(folder / "home")])]


@pytest.mark.parametrize("label", BAD)
def test_bad_input_is_one_line_and_writes_nothing(
    label: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = BAD[label]
    monkeypatch.setattr(
        search_spaces, "__path__", [*search_spaces.__path__, str(tmp_path / "spaces")]
    )
    monkeypatch.delitem(sys.modules, "search_spaces.odd", raising=False)
    monkeypatch.setattr(
        "sweeps.launching.run._drive", lambda *_, **__: pytest.fail("it was accepted")
    )
    words = settings(case, monkeypatch, tmp_path)
    before = contents(tmp_path)
    code = MAIN[case.command](words)
    said = capsys.readouterr()
    assert code == 2, said.err
    assert said.err.startswith(f"{NAMES[case.command]}: ")
    assert said.err.count("\n") == 1
    assert one_line(said.err) == said.err.strip()
    for part in case.says:
        assert part in said.err
    assert "unexpected" not in said.err
    assert SECRET not in said.err + said.out
    assert said.out == "" or case.words == ["--list"] or "cannot write to" in said.err
    assert contents(tmp_path) == before


def test_there_are_enough_of_them() -> None:
    assert len(BAD) >= 60
    assert {case.command for case in BAD.values()} == set(MAIN)
