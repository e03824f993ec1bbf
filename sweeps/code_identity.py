"""Which code a trial's numbers come from: what training executes, however it is written.

A comment, a docstring, the layout, a tool that training never imports: none of these changes the
identity. So they may be edited while sweeps run.
"""

from __future__ import annotations

import ast
import hashlib
from pathlib import Path

from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "focus_core"
TRAINING = f"{PACKAGE}.training.loop"


def code_hash(root: Path = ROOT) -> str:
    """A hash of what training executes: equal means the same config trains the same numbers.

    Args:
        root: the folder that holds ``focus_core``.
    """
    digest = hashlib.sha256()
    for name, code in sorted(executed(root).items()):
        digest.update(f"{name}\0{code}\n".encode())
    return digest.hexdigest()[:12]


def executed(root: Path = ROOT) -> dict[str, str]:
    """The modules that ``training.fit`` may reach, by name, as plain text of their syntax trees."""
    files = {_module(path.relative_to(root)): path for path in (root / PACKAGE).rglob("*.py")}
    found: dict[str, str] = {}
    # what is imported by a name in a registry
    named = [path for system in SYSTEMS.values() for path in (system.mixer, system.numbers)]
    named += [task.module for task in TASKS.values()]
    waiting = [TRAINING, *(path.partition(":")[0] for path in named)]
    while waiting:
        name = waiting.pop()
        if name in found or name not in files:
            continue
        source = files[name].read_bytes()
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError):  # it cannot be trained with either
            found[name] = source.hex()
            continue
        found[name] = _plain(tree)
        waiting += [name.rpartition(".")[0], *_imported(tree)]
    return found


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(tree: ast.Module) -> list[str]:
    """Whatever is imported anywhere in a module, but for its annotations alone."""
    names: list[str] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif not (isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"):
            waiting += ast.iter_child_nodes(node)
    return names


def _plain(node: object) -> str:
    """A syntax tree as text, the same for every version of Python that has no new syntax in it."""
    if isinstance(node, ast.AST):
        fields = [(k, v) for k, v in ast.iter_fields(node) if v is not None and v != []]
        return f"{type(node).__name__}({','.join(f'{k}={_plain(v)}' for k, v in fields)})"
    if isinstance(node, list):
        return f"[{','.join(_plain(each) for each in node if not _is_text(each))}]"
    return repr(node)


def _is_text(node: object) -> bool:
    """A docstring, of whatever it is: a string that stands alone."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
