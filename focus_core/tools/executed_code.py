"""The code that named modules reach by imports, however it is formatted. No torch here."""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from focus_core.errors import UserError
from focus_core.outside.plugin import SOURCES, Plugin, bare_name

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "focus_core"
REGISTRIES = tuple(
    f"{PACKAGE}.{name}" for name in ("systems.registry", "tasks.registry", "data.sets", "metrics")
)
"""Lists of everything that exists. A trial finds the entries that it uses by name."""


class Module(NamedTuple):
    """One file: its syntax tree as plain text, and what it imports."""

    plain: str
    imports: tuple[str, ...]


def identity(plain: Mapping[str, str]) -> str:
    """Twelve hexadecimal digits of a hash of the plain text of modules, by module name."""
    digest = hashlib.sha256()
    for name, code in sorted((bare_name(name), code) for name, code in plain.items()):
        digest.update(f"{name}\0{code}\n".encode())
    return digest.hexdigest()[:12]


def plugin_code(plugin: Plugin) -> str:
    """The identity of a plugin's own code; of a file, only its text is read, and nothing is run.

    Raises:
        UserError: the package of an entry point has no file.
    """
    if plugin.source:
        return identity({plugin.module: _module(plugin.source, plugin.module).plain})
    return identity(executed((plugin.module,)))


def executed(named: Sequence[str], root: Path = ROOT) -> dict[str, str]:
    """The plain text of all modules that the ``named`` modules reach by imports, by module name.

    Raises:
        UserError: a named module has no file.
    """
    for name in named:
        if _read(name, root) is None:
            raise UserError(f"no file of the module {name!r} is found: put it on PYTHONPATH")
    packages = {_package(name) for name in named}
    waiting, found = list(named), dict[str, str]()
    while waiting:
        name = waiting.pop()
        counts = _package(name) in packages and name not in found and name not in REGISTRIES
        module = _read(name, root) if counts else None
        if module is not None:
            found[name] = module.plain
            waiting += [name.rpartition(".")[0], *module.imports]
    return found


@cache
def _read(name: str, root: Path) -> Module | None:
    """Read one module; None where it has no file."""
    if name in SOURCES:
        return _module(SOURCES[name], name)
    path = _folder(_package(name), root).joinpath(*name.split("."))
    is_package = (path / "__init__.py").is_file()
    path = path / "__init__.py" if is_package else path.with_suffix(".py")
    if not path.is_file():
        return None
    return _module(path.read_bytes(), name if is_package else name.rpartition(".")[0])


def _module(source: bytes | str, package: str) -> Module:
    """A module from its source; relative imports start from ``package``."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):  # training cannot import it either
        return Module(source if isinstance(source, str) else source.hex(), ())
    return Module(_plain(tree), tuple(_imported(tree, package)))


def _package(name: str) -> str:
    return name.partition(".")[0]


@cache
def _folder(package: str, root: Path) -> Path:
    """The folder that holds a package; ``root`` for ``focus_core``, or where none is found."""
    if package == PACKAGE or package in sys.builtin_module_names or package == "__main__":
        return root
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if folders:
        return Path(folders[0]).parent
    return Path(spec.origin).parent if spec and spec.origin else root


def _imported(tree: ast.Module, package: str) -> list[str]:
    """Every name that a module imports anywhere, except under ``TYPE_CHECKING``.

    Args:
        tree: the module.
        package: the package that the module's relative imports start from.
    """
    names: list[str] = []
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _base(node, package)
            names += [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)
    return names


def _base(node: ast.ImportFrom, package: str) -> str:
    """The module that names are imported from; a relative name starts from ``package``."""
    above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
    return ".".join([*above, *filter(None, [node.module])])


def _plain(node: object) -> str:
    """A syntax tree as text; versions of Python give the same text, but for new syntax."""
    if isinstance(node, ast.AST):
        fields = [(k, v) for k, v in ast.iter_fields(node) if v is not None and v != []]
        return f"{type(node).__name__}({','.join(f'{k}={_plain(v)}' for k, v in fields)})"
    if isinstance(node, list):
        return f"[{','.join(_plain(each) for each in node if not _is_text(each))}]"
    return repr(node)


def _is_text(node: object) -> bool:
    """Whether ``node`` is a string that stands alone, such as a docstring."""
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)
