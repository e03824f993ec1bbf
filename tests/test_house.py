"""The house's own laws: sizes, names, frozen flags, exact versions."""

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.imported import OURS, ROOT, imports, sources
from tests.narrowing import known

MOST_LINES = 250

DOORS = ("sweeps.launch", "analysis.report", "analysis.trial")
FLAGS = """
    --space --vary --base --save-space
    --list --name --trials --seeds --sampler --plugin --set --cpus-per-trial --gpus-per-trial
    --max-concurrent --time-budget --address --home --tracking-uri --retry-failed --only
    --confirm --hypothesis --margin --rerun
    --local --dry-run
"""


def test_nobody_imports_the_front_doors() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources(*OURS)
        for name in imports(path.read_text())
        if any(f"{name}.".startswith(f"{door}.") for door in DOORS)
    ]
    assert wrong == []


def test_no_file_is_an_attic() -> None:
    files = sources(*OURS, "tests", "benchmarks")
    long = {str(p.relative_to(ROOT)): n for p in files if (n := line_count(p)) > MOST_LINES}
    assert long == {}
    assert [str(p) for p in files if p.stem in ("utils", "helpers", "misc", "common")] == []


def line_count(path: Path) -> int:
    return len(path.read_text().splitlines())


@pytest.mark.parametrize("folder", ["sweeps", "analysis"])
def test_no_module_shadows_a_library(folder: str) -> None:
    """A script's folder comes first on sys.path: sweeps/mlflow.py would be mlflow."""
    libraries = set(sys.stdlib_module_names) | set(importlib.metadata.packages_distributions())
    libraries -= set(OURS)
    assert {"json", "mlflow", "optuna", "ray"} <= libraries
    assert {path.stem for path in sources(folder)} & (libraries | set(OURS)) == set()


def test_flags_are_frozen() -> None:
    from sweeps.planning.flags import build_parser

    flags = [o for action in build_parser()._actions for o in action.option_strings]
    assert [flag for flag in flags if flag not in ("-h", "--help")] == FLAGS.split()


@pytest.mark.parametrize(
    "arguments", [["--list"], ["--help"], ["--space", "nfft_bins", "--dry-run"]]
)
def test_the_launcher_answers_without_what_only_a_sweep_needs(
    arguments: list[str], tmp_path: Path
) -> None:
    code = (
        "import sys, sweeps.launch\n"
        "try:\n"
        "    code = sweeps.launch.main(sys.argv[1:])\n"
        "except SystemExit as end:\n"
        "    code = end.code\n"
        "heavy = [m for m in ('torch', 'ray', 'mlflow') if m in sys.modules]\n"
        "assert not code and not heavy, (code, heavy)\n"
    )
    home = tmp_path / "home"
    subprocess.run(
        [
            sys.executable,
            "-c",
            code,
            *arguments,
            *(["--home", str(home)] * ("--dry-run" in arguments)),
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert not home.exists()


def test_the_licence_is_whole_and_named() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()


def test_constraints_are_exact_and_cover_what_we_ask_for() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()[1:]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line) for line in lines)
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines}
    asked = importlib.metadata.requires("focus-sweeps") or []
    names = {known(re.match(r"[A-Za-z0-9._-]+", line))[0].lower() for line in asked} - {
        "focus-sweeps"
    }
    assert names
    assert names <= pinned
    assert "torch==2.13.0" in lines


def test_what_is_packaged_is_what_there_is() -> None:
    import tomllib

    from setuptools import find_packages

    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    listed = find_packages(str(ROOT), **tool["packages"]["find"])
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for path in sources(*OURS)
        if path.name == "__init__.py"
    }
    assert set(listed) == found
