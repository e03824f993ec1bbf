"""Which code a trial's numbers come from: what its own training executes, however it is written.

It is the modules that ``training.loop`` reaches, those of the trial's own system and those of its
own task; of a system or task from outside, those of the package it lies in. Nothing else changes
the identity: not another system or task, the registries that name them, a comment, a docstring,
the layout, or a tool that training never imports. All these may be edited while sweeps run.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from focus_core.systems import SYSTEMS
from focus_core.tasks import TASKS

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "focus_core"
TRAINING = f"{PACKAGE}.training.loop"
REGISTRIES = (f"{PACKAGE}.systems.registry", f"{PACKAGE}.tasks.registry")
"""They import every system and every task. What of them a trial uses is asked for by its name."""


class Module(NamedTuple):
    """One file: its syntax tree as plain text, and what it imports."""

    plain: str
    imports: tuple[str, ...]


def trial_code(config: Mapping[str, object], root: Path = ROOT) -> str:
    """A hash of what a trial's training executes: equal means the same numbers of the same config.

    A file is read once in a process: it trains with what it imported, not with a later edit.

    Args:
        config: flat; ``model.mixer`` and ``task.name`` say what is executed.
        root: the folder that holds ``focus_core``.
    """
    return _hash(str(config.get("model.mixer")), str(config.get("task.name")), root)


@cache
def code_hash(root: Path = ROOT) -> str:
    """A hash of what the training of any system and any task executes, all together."""
    digest = hashlib.sha256()
    for mixer in sorted(SYSTEMS):
        for task in sorted(TASKS):
            digest.update(_hash(mixer, task, root).encode())
    return digest.hexdigest()[:12]


@cache
def _hash(mixer: str, task: str, root: Path) -> str:
    digest = hashlib.sha256()
    for name, code in sorted(executed(mixer, task, root).items()):
        digest.update(f"{name}\0{code}\n".encode())
    return digest.hexdigest()[:12]


def executed(mixer: str, task: str, root: Path = ROOT) -> dict[str, str]:
    """The modules that such a trial's training may reach, by name, as plain text.

    A system or task that is not registered here, such as one of a later version, adds nothing.
    """
    named = [TRAINING]
    if mixer in SYSTEMS:
        system = SYSTEMS[mixer]
        named += [system.config.__module__, system.mixer.partition(":")[0], system.numbers]
    if task in TASKS:
        named += [TASKS[task].config.__module__, TASKS[task].module]
    packages = {_package(name) for name in named if name}
    found: dict[str, str] = {}
    while named:
        name = named.pop()
        counts = _package(name) in packages and name not in found and name not in REGISTRIES
        module = _read(name, root) if counts else None
        if module is not None:
            found[name] = module.plain
            named += [name.rpartition(".")[0], *module.imports]
    return found


@cache
def _read(name: str, root: Path) -> Module | None:
    """One file; None where there is no such."""
    path = _folder(_package(name), root).joinpath(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not path.is_file():
        return None
    source = path.read_bytes()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # nothing can be trained with it either
        return Module(source.hex(), ())
    return Module(_plain(tree), tuple(_imported(tree)))


def _package(name: str) -> str:
    return name.partition(".")[0]


@cache
def _folder(package: str, root: Path) -> Path:
    """The folder that a package lies in; that of ours is ``root``."""
    spec = None if package == PACKAGE else find_spec(package)
    if spec is None or spec.origin is None:
        return root
    file = Path(spec.origin)
    return file.parent.parent if spec.submodule_search_locations else file.parent


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
