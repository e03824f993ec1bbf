"""The documentation says what the code says, and its commands make the plans that it promises."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from docs import write_reference as reference
from docs.readme_table import MEASURED, README, TIMES, renewed
from focus_core.data import own
from focus_core.options.model import ModelConfig
from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS
from focus_core.tasks.own_data import OwnDataConfig
from sweeps import launch
from tests.own_files import has_files
from tests.plugin_files import FILES
from tests.test_documents import DOCUMENTS, ROOT, commands

NOT_PLANNED = ("--address", "--confirm", "--only", "--list")
"""Flags whose commands need a cluster or a sweep that was trained."""


@pytest.mark.parametrize("name", reference.PAGES)
def test_the_reference_is_what_the_code_says(name: str) -> None:
    page = ROOT / "docs" / "reference" / f"{name}.md"
    assert page.read_text() == reference.PAGES[name](), "run make docs"


def test_the_readme_s_table_is_what_was_measured() -> None:
    readme, measured = README.read_text(), MEASURED.read_text()
    assert renewed(readme, measured) == readme, "run make docs"
    line = next(line for line in measured.split(TIMES)[1].splitlines() if "| coupled |" in line)
    first = line.split(" | ")[1]
    assert f"(`coupled`) | {first} | " in readme
    other = measured.replace(line, line.replace(f" {first} ", " 123.4 "))  # negative control
    assert "(`coupled`) | 123.4 | " in renewed(readme, other)


def test_every_option_has_a_meaning() -> None:
    configs: list[type[Any]] = [system.config for system in SYSTEMS.values()]
    configs += [task.config for task in TASKS.values()]
    silent = {
        f"{config.__name__}.{name}"
        for config in configs
        for name in {f.name for f in dataclasses.fields(config)} - set(reference.meanings(config))
    }
    assert silent == set()


def test_an_option_without_a_meaning_is_seen() -> None:
    """Negative control."""
    lines = [line for line in reference.options().splitlines() if "`model.width`" in line]
    assert len(lines) == 1
    assert "D, the width of the network." in lines[0]
    assert "own" not in reference.meanings(Silent)


class Silent(ModelConfig):
    own: int = 1


def planned() -> list[list[str]]:
    """The words of every launch that a document shows, where a laptop can plan it."""
    found = [line for document in DOCUMENTS for line in commands(document.read_text())]
    words = [line[2:] for line in found if line[:2] == ["python", "sweeps/launch.py"]]
    return [w for w in words if not any(flag in w for flag in NOT_PLANNED)]


@pytest.mark.parametrize("words", planned(), ids=" ".join)
def test_a_command_of_the_documents_makes_a_plan(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(own, "_HELD", {})
    has_files(tmp_path)
    if "--save-space" not in words:
        (tmp_path / "my_question.py").write_text(question_in_the_how_to())
    for name, source in FILES.items():
        (tmp_path / name).write_text(source)
    before = {path.name for path in tmp_path.iterdir()}
    dry = [] if {"--dry-run", "--save-space"} & set(words) else ["--dry-run"]
    assert launch.main([*words, *dry]) == 0
    assert {path.name for path in tmp_path.iterdir()} == before | {"my_question.py"}
    reads_own_data = any(word.startswith("task.path=") for word in words)
    assert ("kept as" in capsys.readouterr().out) == reads_own_data


def test_every_task_of_a_person_s_own_data_is_shown() -> None:
    shown = {word for words in planned() for word in words if word.startswith("task.name=")}
    names = [name for name, task in TASKS.items() if issubclass(task.config, OwnDataConfig)]
    assert len(names) == 4
    assert {f"task.name={name}" for name in names} <= shown


def test_many_commands_are_planned() -> None:
    assert len(planned()) > 12


def question_in_the_how_to() -> str:
    text = (ROOT / "docs" / "your_question.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return str(block)


def test_the_question_in_the_how_to_is_what_its_command_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = next(words for words in planned() if "--save-space" in words)
    assert launch.main(words) == 0
    assert Path("my_question.py").read_text() == question_in_the_how_to()


def site(folder: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "mkdocs", "build", "-f", str(folder / "mkdocs.yml")]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def copy(folder: Path) -> Path:
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    return folder


def test_the_site_is_built_and_searched(tmp_path: Path) -> None:
    done = site(copy(tmp_path))
    assert done.returncode == 0, done.stderr
    pages = tmp_path / "build" / "docs"
    assert 'name="viewport"' in (pages / "index.html").read_text()
    assert "nfft_factor" in (pages / "search" / "search_index.json").read_text()
    assert [str(p) for p in pages.rglob("*.py")] == []


def test_a_link_to_no_page_is_refused(tmp_path: Path) -> None:
    """Negative control: strict mode is on."""
    page = copy(tmp_path) / "docs" / "index.md"
    page.write_text(page.read_text() + "\n[gone](gone.md)\n")
    done = site(tmp_path)
    assert done.returncode == 1
    assert "gone.md" in done.stderr
