"""MLflow is used through what it publishes: no private name of it, and no SQL on its tables."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable

import pytest

from tests.imported import ROOT, imports, sources

PACKAGES = ("sweeps", "analysis")
CLIENTS = ("client", "_client", "mlflow", "MlflowClient")
"""What holds an object of MLflow, wherever it stands in a chain of attributes."""
SQL = re.compile(r"\s*(select|insert|update|delete|with|create|alter|drop)\b", re.IGNORECASE)
TABLES = {"runs", "experiments", "tags", "params", "metrics", "latest_metrics", "experiment_tags"}


def chain(node: ast.AST) -> list[str]:
    """``a.b().c`` as a, b, c."""
    if isinstance(node, ast.Attribute):
        return [*chain(node.value), node.attr]
    if isinstance(node, ast.Call | ast.Subscript):
        return chain(node.func if isinstance(node, ast.Call) else node.value)
    return [node.id] if isinstance(node, ast.Name) else []


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def inside_mlflow(code: str) -> set[str]:
    """What a source uses of MLflow that MLflow does not publish."""
    tree, named = ast.parse(code), {name for name in imports(code) if name.startswith("mlflow")}
    found = {
        name
        for name in named
        if any(map(private, name.split("."))) or f"{name}.".startswith("mlflow.store.")
    }
    bound = {name.asname or name.name for node in ast.walk(tree)
             if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("mlflow.")
             for name in node.names}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and private(node.attr):
            before = chain(node.value)
            if any(name in bound or name in CLIENTS for name in before):
                found.add(".".join([*before, node.attr]))
    return found


def table_words(code: str) -> set[str]:
    """MLflow's tables in statements of SQL that a source spells out."""
    found: set[str] = set()
    nodes = list(ast.walk(ast.parse(code)))
    docstrings = [node.value for node in nodes if isinstance(node, ast.Expr)]
    for node in nodes:
        if node in docstrings:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "?" for part in node.values]
            text = "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if SQL.match(text):
            found |= TABLES & set(re.findall(r"\w+", text.lower()))
    return found


def test_the_tables_are_mlflows() -> None:
    from mlflow.store.tracking.dbmodels.models import Base

    assert set(Base.metadata.tables) >= TABLES


@pytest.mark.parametrize("looked_for", [inside_mlflow, table_words])
def test_nobody_reaches_into_mlflow(looked_for: Callable[[str], set[str]]) -> None:
    files = sources(*PACKAGES)
    assert sum("mlflow" in path.read_text() for path in files) > 20
    found = {str(p.relative_to(ROOT)): words for p in files if (words := looked_for(p.read_text()))}
    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        "from mlflow.store.db import utils",
        "from mlflow.tracking import _get_store",
        "import mlflow.tracking._tracking_service.utils",
        "def f():\n    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore",
        "import mlflow\nmlflow.tracking._tracking_service",
        "from mlflow import tracking as t\nt.utils._get_store()",
        "def f(client):\n    return client._tracking_client.store",
        "def f(self):\n    return self._client._tracking_client",
        "from mlflow import MlflowClient\nMlflowClient('x')._tracking_client",
    ],
)
def test_a_private_name_is_seen(code: str) -> None:
    """Negative control."""
    assert inside_mlflow(code)


@pytest.mark.parametrize(
    "code",
    [
        "ask('select status from runs where run_uuid = ?')",
        'ask("""\n    select experiment_id from experiments where name like ?""")',
        "ask(f'select {column} from latest_metrics')",
        "ask('UPDATE experiments SET artifact_location = ?')",
        "ask('delete from tags')",
    ],
)
def test_sql_on_mlflows_tables_is_seen(code: str) -> None:
    """Negative control."""
    assert table_words(code)


def test_what_is_published_may_be_used() -> None:
    """Negative control."""
    said = "'Delete the runs.'\n"
    said += "self._client.search_runs([])\nask('select trial_id from trials')\n'launch the runs'"
    assert not inside_mlflow(said)
    assert not table_words(said)
