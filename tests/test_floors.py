"""Who may import whom: the floors, the rooms, and no circle anywhere."""

import ast
import graphlib
import sys
from collections.abc import Mapping

import pytest

from tests.imported import OURS, ROOT, imports, sources

ANALYSIS = """
focus_core.config.keys focus_core.config.known_keys focus_core.config.origins
focus_core.config.read_value focus_core.errors focus_core.metrics focus_core.outside.plugin
focus_core.paths
focus_core.systems.focus.orders focus_core.tasks.protocols search_spaces.axes
sweeps.commands.command_line sweeps.commands.doors sweeps.evidence.alarms sweeps.evidence.ranking
sweeps.importer.bring_in sweeps.provenance.code_identity
sweeps.provenance.sources.recorded sweeps.provenance.sources.repository
sweeps.record.attempts sweeps.record.home sweeps.record.plan_history sweeps.record.plugins
sweeps.record.reading sweeps.record.schema
jinja2 markupsafe matplotlib numpy opda optuna pandas pyarrow scipy seaborn sklearn sqlalchemy
threadpoolctl
"""
# What a package may import, at the top of a file or inside a function, besides itself and the
# standard library.
FLOORS = {
    "focus_core": {"torch", "numba", "triton", "safetensors"},  # see the two tests below
    "search_spaces": {"focus_core.config", "focus_core.errors", "focus_core.paths"}
    | {"optuna.distributions"},
    "sweeps": {"focus_core", "search_spaces", "alembic", "filelock", "mlflow", "numpy", "optuna"}
    | {"pyarrow", "ray", "rich", "scipy.special", "sqlalchemy", "torch"},
    # Not the sweeps' way of working: the tables and axes it reads, and how every command answers.
    # ``bring_in`` serves --import: the one thing in analysis/ that writes a ledger.
    "analysis": set(ANALYSIS.split()),
}
Graph = dict[str, set[str]]
"""What each imports."""
# Read by --list and --dry-run: not even torch.
LIGHT: tuple[str, ...] = ("config/*", "options/*", "tasks/*/__init__", "systems/*")
LIGHT += tuple(f"tasks/{n}" for n in ("__init__", "entry", "own_data", "protocols"))
LIGHT += ("tasks/published", "tasks/registry", "data/__init__", "data/own", "data/series")
LIGHT += tuple(f"systems/*/{name}" for name in ("__init__", "origin", "rules", "orders"))
LIGHT += tuple(f"systems/focus/{name}" for name in ("activity", "config", "options", "promises"))
LIGHT += ("metrics", "kernels/setting", "outside/plugin", "outside/signature", "outside/task_entry")
LIGHT += ("outside/loading", "outside/reading", "tools/__init__", "tools/executed_code")
LIGHT += ("training/over_seeds", "training/limits", "__init__", "errors", "paths")


def forbidden(package: str, code: str) -> set[str]:
    """The imports of a source in ``package`` that its floor does not allow."""
    allowed = FLOORS[package] | {package}
    return {
        name
        for name in imports(code)
        if name.split(".")[0] not in sys.stdlib_module_names
        and not any(f"{name}.".startswith(f"{prefix}.") for prefix in allowed)
    }


@pytest.mark.parametrize("package", FLOORS)
def test_nobody_imports_upward(package: str) -> None:
    assert len(sources(package)) > 1
    wrong = {
        str(path.relative_to(ROOT)): sorted(names)
        for path in sources(package)
        if (names := forbidden(package, path.read_text()))
    }
    assert wrong == {}


def test_kernels_alone_import_compilers() -> None:
    compilers = {
        path.parent.name
        for path in sources("focus_core")
        if {name.split(".")[0] for name in imports(path.read_text())} & {"numba", "triton"}
    }
    assert compilers == {"kernels"}


def test_one_file_alone_imports_safetensors() -> None:
    """Training needs torch alone; only exported networks need a file format."""
    found = [p.name for p in sources("focus_core") if "safetensors" in _tops(p.read_text())]
    assert found == ["exported.py"]


def _tops(code: str) -> set[str]:
    return {name.split(".")[0] for name in imports(code)}


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("focus_core", "import sweeps.record.schema"),
        ("focus_core", "def lazily():\n    from search_spaces import load"),
        ("search_spaces", "from focus_core.training.network import build_model"),
        ("search_spaces", "import torch"),
        ("analysis", "from sweeps.record.ledger import Ledger"),
        ("analysis", "if True:\n    import mlflow.tracking"),
        ("sweeps", "from analysis import report"),
    ],
)
def test_upward_imports_are_seen(package: str, code: str) -> None:
    """Negative control."""
    assert forbidden(package, code)


def graph_of(found: Mapping[str, str], *, annotations: bool = True) -> Graph:
    """Which module imports which.

    Args:
        found: a module's name to its source.
        annotations: whether an import for annotations alone counts.
    """
    graph = {}
    for name, code in found.items():
        tree = ast.parse(code)
        for node in [n for n in ast.walk(tree) if isinstance(n, ast.If)]:
            if ast.unparse(node.test) == "TYPE_CHECKING" and not annotations:
                node.body = [ast.Pass()]
        named = imports(ast.unparse(tree))
        known = {each if each in found else each.rpartition(".")[0] for each in named}
        graph[name] = (known & found.keys()) - {name}
    return graph


def circle(graph: Graph) -> list[str]:
    """Modules that import one another in a circle; none where there is no circle."""
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return list(error.args[1])
    return []


def between_rooms(graph: Graph) -> Graph:
    """Which room of a package imports which. Files at a package's top are in no room."""

    def room(name: str) -> str:
        return ".".join(name.split(".")[:2])

    rooms = {room(name) for name in graph if name.count(".") > 1}
    return {
        each: {
            room(other)
            for name, named in graph.items()
            for other in named
            if room(name) == each and room(other).split(".")[0] == each.split(".")[0]
        }
        & (rooms - {each})
        for each in rooms
    }


def graph_of_this_house(*, annotations: bool = True) -> Graph:
    found = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sources(*OURS)
    }
    texts = {name: path.read_text() for name, path in found.items()}
    return graph_of(texts, annotations=annotations)


def test_no_modules_import_one_another_in_a_circle() -> None:
    assert circle(graph_of_this_house()) == []


def test_a_circle_is_seen() -> None:
    """Negative control, also inside a function, and for annotations alone."""
    two = {"a.x": "def f():\n    from a.y import z", "a.y": "import a.x"}
    for late in ("import a.x", "if TYPE_CHECKING:\n    import a.x"):
        assert set(circle(graph_of(two | {"a.y": late}))) == {"a.x", "a.y"}
    assert circle(graph_of(two | {"a.y": ""})) == []


def test_no_rooms_import_one_another_in_a_circle() -> None:
    rooms = between_rooms(graph_of_this_house(annotations=False))
    assert "sweeps.record" in rooms["sweeps.driving"]
    assert circle(rooms) == []


def test_a_circle_of_rooms_is_seen() -> None:
    """Negative control: no two of these modules import each other, yet the rooms do."""
    found = {"a.one.x": "import a.two.y", "a.two.y": "", "a.two.z": "import a.one.v", "a.one.v": ""}
    assert circle(graph_of(found)) == []
    assert set(circle(between_rooms(graph_of(found)))) == {"a.one", "a.two"}


def reached(graph: dict[str, set[str]], start: str) -> set[str]:
    """Every module that is imported once ``start`` is, wherever in a file the import stands."""
    found: set[str] = set()
    left = [start]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += graph[name]
    return found


def test_the_inline_runner_reaches_nothing_of_rays_room() -> None:
    graph = graph_of_this_house()
    rays = {name for name in graph if name.startswith("sweeps.workers.on_ray.")}
    assert len(rays) > 4
    assert not reached(graph, "sweeps.workers.inline") & rays
    assert reached(graph, "sweeps.launching.run") >= {"sweeps.workers.on_ray.run"}  # control


def test_configs_need_no_torch() -> None:
    files = [path for name in LIGHT for path in (ROOT / "focus_core").glob(f"{name}.py")]
    assert len(files) > 8
    heavy = [
        str(path)
        for path in files
        if any(name.split(".")[0] == "torch" for name in imports(path.read_text()))
    ]
    assert heavy == []
