"""The house's own laws: floors, sizes, names, frozen flags, exact versions."""

import ast
import graphlib
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("focus_core", "search_spaces", "sweeps", "analysis")
MOST_LINES = 250

# What a package may import, at the top of a file or inside a function, besides itself and the
# standard library.
FLOORS = {
    "focus_core": {"torch"},
    "search_spaces": {"focus_core.config", "focus_core.errors", "optuna.distributions"},
    "sweeps": {"focus_core", "search_spaces", "alembic", "filelock", "mlflow", "numpy", "optuna"}
    | {"pyarrow", "ray", "rich", "scipy.special", "sqlalchemy", "torch"},
    # Not the sweeps' way of working: the tables and axes it reads, and how every command answers.
    "analysis": {"sweeps.schema", "sweeps.command_line", "sweeps.alarms", "sweeps.ranking"}
    | {"sweeps.read_only", "sweeps.said", "sweeps.sources.repository", "sweeps.schema_words"}
    | {"sweeps.importer.bring_in"}  # --import: the one thing here that writes a ledger
    | {"sweeps.sources.words", "sweeps.code_identity", "search_spaces.axes"}
    | {"focus_core.systems.focus.orders", "focus_core.config.origins", "focus_core.errors"}
    | {"focus_core.config.known_keys", "focus_core.config.read_value", "focus_core.config.keys"}
    | {"focus_core.paths", "focus_core.tasks.protocols", "focus_core.metrics"}
    | {"matplotlib", "numpy", "optuna", "pyarrow", "scipy", "seaborn", "sqlalchemy"}
    | {"jinja2", "markupsafe", "opda", "sklearn", "threadpoolctl"},
}
# Read by --list and --dry-run: not even torch.
LIGHT = ("config/*", "options/*", "tasks/*/__init__", "systems/*")
LIGHT += tuple(f"tasks/{n}" for n in ("__init__", "entry", "protocols", "published", "registry"))
LIGHT += tuple(f"systems/*/{name}" for name in ("__init__", "origin", "rules", "orders"))
LIGHT += ("systems/focus/activity", "systems/focus/config", "systems/focus/promises", "metrics")
LIGHT += ("training/over_seeds", "training/limits", "__init__", "errors", "paths")
DOORS = ("sweeps.launch", "analysis.report", "analysis.trial")
FLAGS = """
    --space --list --name --trials --seeds --sampler --set --cpus-per-trial --gpus-per-trial
    --max-concurrent --time-budget --address --home --tracking-uri --retry-failed --only
    --confirm --hypothesis --margin --rerun
    --local --dry-run
"""


def sources(*packages):
    return [path for name in packages for path in sorted((ROOT / name).rglob("*.py"))]


def imports(code):
    """Every module a source names, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports hide the floor"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def forbidden(package, code):
    """The imports of a source in ``package`` that its floor does not allow."""
    allowed = FLOORS[package] | {package}
    return {
        name
        for name in imports(code)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(f"{name}.".startswith(f"{prefix}.") for prefix in allowed)
    }


@pytest.mark.parametrize("package", FLOORS)
def test_nobody_imports_upward(package):
    assert len(sources(package)) > 1
    wrong = {
        str(path.relative_to(ROOT)): sorted(names)
        for path in sources(package)
        if (names := forbidden(package, path.read_text()))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("focus_core", "import sweeps.schema"),
        ("focus_core", "def lazily():\n    from search_spaces import load"),
        ("search_spaces", "from focus_core.training.network import build_model"),
        ("search_spaces", "import torch"),
        ("analysis", "from sweeps.ledger import Ledger"),
        ("analysis", "if True:\n    import mlflow.tracking"),
        ("sweeps", "from analysis import report"),
    ],
)
def test_upward_imports_are_seen(package, code):
    """Negative control."""
    assert forbidden(package, code)


def circle(found):
    """Modules that import one another in a circle; none where there is no circle.

    Args:
        found: a module's name to its source. What is imported for annotations alone counts not.
    """
    graph = {}
    for name, code in found.items():
        tree = ast.parse(code)
        for node in [n for n in ast.walk(tree) if isinstance(n, ast.If)]:
            if ast.unparse(node.test) == "TYPE_CHECKING":
                node.body = [ast.Pass()]
        named = imports(ast.unparse(tree))
        known = {each if each in found else each.rpartition(".")[0] for each in named}
        graph[name] = (known & found.keys()) - {name}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return error.args[1]
    return []


def test_no_modules_import_one_another_in_a_circle():
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sources(*OURS)
    }
    assert circle({name: path.read_text() for name, path in found.items()}) == []


def test_a_circle_is_seen():
    """Negative control, also inside a function; one for annotations alone is none."""
    two = {"a.x": "def f():\n    from a.y import z", "a.y": "import a.x"}
    assert set(circle(two)) == {"a.x", "a.y"}
    assert circle(two | {"a.y": "if TYPE_CHECKING:\n    import a.x"}) == []


def test_configs_need_no_torch():
    files = [path for name in LIGHT for path in (ROOT / "focus_core").glob(f"{name}.py")]
    assert len(files) > 8
    heavy = [
        str(path)
        for path in files
        if any(name.split(".")[0] == "torch" for name in imports(path.read_text()))
    ]
    assert heavy == []


def test_nobody_imports_the_front_doors():
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources(*OURS)
        for name in imports(path.read_text())
        if any(f"{name}.".startswith(f"{door}.") for door in DOORS)
    ]
    assert wrong == []


def test_no_file_is_an_attic():
    files = sources(*OURS, "tests", "benchmarks")
    long = {str(p.relative_to(ROOT)): n for p in files if (n := line_count(p)) > MOST_LINES}
    assert long == {}
    assert [str(p) for p in files if p.stem in ("utils", "helpers", "misc", "common")] == []


def line_count(path):
    return len(path.read_text().splitlines())


@pytest.mark.parametrize("folder", ["sweeps", "analysis"])
def test_no_module_shadows_a_library(folder):
    """A script's folder comes first on sys.path: sweeps/mlflow.py would be mlflow."""
    libraries = set(sys.stdlib_module_names) | set(importlib.metadata.packages_distributions())
    libraries -= set(OURS)
    assert {"json", "mlflow", "optuna", "ray"} <= libraries
    assert {path.stem for path in sources(folder)} & (libraries | set(OURS)) == set()


def test_flags_are_frozen():
    from sweeps.launch import build_parser

    flags = [o for action in build_parser()._actions for o in action.option_strings]
    assert [flag for flag in flags if flag not in ("-h", "--help")] == FLAGS.split()


@pytest.mark.parametrize(
    "arguments", [["--list"], ["--help"], ["--space", "nfft_bins", "--dry-run"]]
)
def test_the_launcher_answers_without_what_only_a_sweep_needs(arguments, tmp_path):
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


def test_the_licence_is_whole_and_named():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()


def test_constraints_are_exact_and_cover_what_we_ask_for():
    lines = (ROOT / "constraints.txt").read_text().splitlines()[1:]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][0-9A-Za-z.]*", line) for line in lines)
    pinned = {re.sub(r"[-_.]+", "-", line.split("==")[0]).lower() for line in lines}
    asked = importlib.metadata.requires("focus-sweeps") or []
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower() for line in asked} - {"focus-sweeps"}
    assert names
    assert names <= pinned
    assert "torch==2.13.0" in lines


def test_what_is_packaged_is_what_there_is():
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
