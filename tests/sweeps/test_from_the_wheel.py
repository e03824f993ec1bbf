"""People's own questions, data and layers from an empty folder, where only the wheel is installed.

Each is swept, killed with ``kill -9``, gone on with by the same command, audited and reported.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.bad_questions import GOOD
from tests.own_files import has_files
from tests.plugin_files import FILES
from tests.streams import ROOT
from tests.sweeps.local_launches import SMALL, has_reported, rows, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
QUICK = ["--seeds", "1", "--home", "home", "--local", "--set", *SMALL]
BUDGET = ["train.steps=400", "train.eval_every=5"]
SOURCES = ("focus_core", "search_spaces", "sweeps", "analysis", "pyproject.toml", "README.md")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with this project's wheel in it, and nothing else of it."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in (*SOURCES, "LICENSE"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, folder / "source" / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(source, folder / "source" / name)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*pip, *build, str(folder / "source")], check=True)
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True)
    return site


def environment(site: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FOCUS_", "MLFLOW_"))}
    return kept | {"PYTHONPATH": str(site), "OMP_NUM_THREADS": "1", "PYTHONSAFEPATH": "1"}


def run(site: Path, folder: Path, module: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=folder,
        env=environment(site),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def nothing(folder: Path) -> None:
    del folder


def question(folder: Path) -> None:
    (folder / "mine.py").write_text(GOOD)


def plugin_files(folder: Path) -> None:
    for name, source in FILES.items():
        (folder / name).write_text(source)


class Own(NamedTuple):
    """What a person brings: the sweep's name, the files, and the words of the command."""

    name: str
    make: Callable[[Path], None]
    words: list[str]
    settings: list[str] = []  # noqa: RUF012  never changed


LINE = ["--vary", "model.order=1,2"]
MIXERS = "model.mixer=focus,decay"


def own(task: str, path: str) -> list[str]:
    return [f"task.name={task}", f"task.path={path}"]


OWN = {
    "a question file": Own("mine", question, ["--space", "mine.py"]),
    "a question in one line": Own("order", nothing, LINE),
    "a text": Own("order", has_files, LINE, own("text_file", "corpus.txt")),
    "arrays": Own("order", has_files, LINE, own("series", "signals.npz")),
    "a layer": Own("mixer", plugin_files, ["--plugin", "my_mixer.py", "--vary", MIXERS]),
    "an archive's file": Own("order", has_files, LINE, own("series", "GunPoint_TRAIN.ts")),
}


def test_the_packages_are_the_wheel_s(installed: Path, tmp_path: Path) -> None:
    """Negative control: without the wheel an empty folder has none of them."""
    asked = "import sweeps, analysis; print(sweeps.__file__)"
    words = [sys.executable, "-c", asked]
    done = subprocess.run(
        words, cwd=tmp_path, env=environment(installed), capture_output=True, text=True, check=True
    )
    assert Path(done.stdout.strip()).is_relative_to(installed)


@pytest.mark.parametrize("kind", OWN)
def test_it_is_swept_killed_gone_on_with_audited_and_reported(
    installed: Path, tmp_path: Path, kind: str
) -> None:
    name, make, words, settings = OWN[kind]
    make(tmp_path)
    ledger = tmp_path / "home" / "ledger.db"
    command = [*words, *QUICK, *BUDGET, *settings]
    with subprocess.Popen(
        [sys.executable, "-m", "sweeps.launch", *command],
        cwd=tmp_path,
        env=environment(installed),
        stdout=subprocess.DEVNULL,
    ) as launcher:
        try:
            wait_until(has_reported(ledger), "it trains", seconds=120)
        finally:
            launcher.send_signal(signal.SIGKILL)
    before = rows(ledger, name)[1]
    assert any(trial.state != "complete" for trial in before)
    said = run(installed, tmp_path, "sweeps.launch", *command)
    assert f"python -m analysis.report --sweep {name}" in said  # no file of a checkout is there
    after = rows(ledger, name)[1]
    assert [trial.state for trial in after] == ["complete"] * 2
    assert [trial.token for trial in after][: len(before)] == [trial.token for trial in before]
    run(installed, tmp_path, "sweeps.audit", "--home", "home")
    run(installed, tmp_path, "analysis.report", "--home", "home")
    page = tmp_path / "home" / "reports" / name / "report.md"
    assert "python -m sweeps.launch" in page.read_text()
    assert "sweeps/launch.py" not in page.read_text()
