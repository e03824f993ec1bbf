"""Text that only a ledger has is never run: a home may come from somebody else."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from analysis import report
from focus_core.errors import UserError
from focus_core.outside.plugin import Plugin
from sweeps import audit, generate, launch, look
from sweeps.provenance import consent
from tests.plugin_files import MIXER, ROOT, plugin, write, write_package
from tests.sweeps.local_launches import SMALL, assert_one_line, rows, run_here
from tests.sweeps.mlflow_database import blank_database  # noqa: F401  a fixture
from tests.sweeps.plugin_home import (
    ASKED,
    NAME,
    SETTINGS,
    copied_home,  # noqa: F401  a fixture
    kept,
    trained_home,  # noqa: F401  a fixture
)

QUICK = ["--seeds", "1", "--set", "model.mixer=decay", *SMALL, "train.steps=4"]
QUICK += ["train.eval_every=2"]
Main = Callable[[list[str]], int]


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has given no plugin yet; the folder of the settings."""
    monkeypatch.setattr(consent, "_GIVEN", set())
    settings = tmp_path / "settings"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(settings))
    return settings


def hostile(home: Path, proof: Path) -> str:
    """Put other text into the ledger: it leaves a file behind where it is run."""
    source = f"open({str(proof)!r}, 'w').close()\n{MIXER}"
    (row,) = kept(home)
    with closing(sqlite3.connect(home / "ledger.db")) as ledger, ledger:
        data = json.dumps(row["data"] | {"source": source})
        ledger.execute("update plugins set data = ?", [data])
    return source


def trial_of(home: Path) -> str:
    return rows(home / "ledger.db", NAME)[1][0].trial_id


COMMANDS: dict[str, tuple[Main, Callable[[Path], list[str]]]] = {
    "audit": (audit.main, lambda home: []),
    "look": (look.main, lambda home: [trial_of(home)]),
    "generate": (generate.main, lambda home: [trial_of(home), "The "]),
    "launch": (launch.main, lambda home: [*ASKED, *SETTINGS]),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_text_of_a_ledger_alone_is_not_run(
    command: str, home: Path, stranger: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile(home, proof := tmp_path / "it was run")
    main, words = COMMANDS[command]
    assert main([*words(home), "--home", str(home)]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "the plugin my_mixer.py (sha256 " in said
    assert "was never given here, and text that only a ledger has is not run" in said
    assert not proof.exists()
    assert not stranger.exists()


def test_text_that_bears_the_name_of_an_installed_package_is_not_run(
    stranger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_package(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    installed = Plugin(name="fade", place="decay_package.mixers:Decay", systems=("fade",))
    assert consent.given([installed]) == (installed,)  # control
    with pytest.raises(UserError, match="was never given here"):
        consent.given([replace(installed, source=MIXER)])
    assert not stranger.exists()


def test_the_report_runs_none(home: Path, stranger: Path, tmp_path: Path) -> None:
    hostile(home, proof := tmp_path / "it was run")
    assert report.main(["--home", str(home)]) == 0
    assert not proof.exists()


def test_negative_control_it_is_run_where_it_was_given(
    home: Path, stranger: Path, tmp_path: Path
) -> None:
    source = hostile(home, proof := tmp_path / "it was run")
    given = str(write(tmp_path, source=source))
    assert audit.main(["--home", str(home), "--plugin", given]) == 0
    assert proof.exists()
    assert not stranger.exists()  # for this command alone


def test_what_a_launch_was_given_is_known_to_later_processes(
    home: Path, stranger: Path, tmp_path: Path
) -> None:
    words = [*ASKED, *SETTINGS, "--home", str(home), "--plugin", str(write(tmp_path))]
    assert launch.main([*words, "--dry-run"]) == 0
    assert not stranger.exists()
    assert launch.main(words) == 0
    for settings, code in ((stranger, 0), (tmp_path / "of another", 2)):
        done = subprocess.run(
            [sys.executable, "sweeps/audit.py", "--home", str(home)],
            cwd=ROOT,
            env={**os.environ, "XDG_CONFIG_HOME": str(settings)},
            capture_output=True,
            check=False,
        )
        assert done.returncode == code, done.stderr


def test_without_a_plugin_no_folder_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    consent.remember(())
    assert list(tmp_path.iterdir()) == []
    consent.remember([plugin()])  # negative control
    assert list(tmp_path.iterdir()) != []


def test_a_question_in_one_line_finds_its_plugin_without_a_name(
    stranger: Path, tmp_path: Path
) -> None:
    """The keys of ``--vary`` are the name of the sweep, and so name its plugins."""
    home = tmp_path / "home"
    given = ["--plugin", str(write(tmp_path))]
    words = ["--vary", "model.remains=0.25,0.5", "--local", *QUICK]
    assert run_here(home, [*words, *given, "--trials", "1"])[0] == 0
    code, _, complained = run_here(home, words)
    assert code == 0, complained
    assert [trial.state for trial in rows(home / "ledger.db", "remains")[1]] == ["complete"] * 2
    other = [word.replace("remains=", "remain=") for word in words]
    assert_one_line(run_here(home, other)[2], "model.mixer 'decay'")  # control: another name


def test_negative_control_such_a_plugin_is_not_run_for_a_stranger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    words = ["--vary", "model.remains=0.25,0.5", "--local", *QUICK]
    plugged = ["--plugin", str(write(tmp_path)), "--trials", "1"]
    assert run_here(home, [*words, *plugged])[0] == 0
    hostile(home, proof := tmp_path / "it was run")
    monkeypatch.setattr(consent, "_GIVEN", set())
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    code, _, complained = run_here(home, words)
    assert code == 2
    assert_one_line(complained, "was never given here", "give its file with --plugin")
    assert not proof.exists()
