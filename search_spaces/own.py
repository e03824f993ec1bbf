"""Import a question: a module of this package, a file from anywhere, or an installed module."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.abc import InspectLoader
from importlib.util import decode_source, find_spec, module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from focus_core.errors import UserError, require
from focus_core.paths import read_file

MOST_BYTES = 2**20
"""The largest file of a question; no person writes a larger one."""


def is_own(word: str) -> bool:
    """Whether ``word`` names a file or a dotted module instead of a space of this package."""
    return is_file(word) or "." in word


def is_file(word: str) -> bool:
    """Whether ``word`` is a path."""
    return word.endswith(".py") or "/" in word or os.sep in word


def import_own(word: str) -> tuple[ModuleType, str]:
    """Import the file or the dotted module ``word``.

    Returns:
        The module, and the SHA-256 of its source.

    Raises:
        UserError: it cannot be found, read or imported.
    """
    if is_file(word):
        source = _read(word)
        module = attempt(word, "importing it", lambda: _executed(Path(word), source))
        return module, sha256(source).hexdigest()
    top = word.partition(".")[0]
    with _current_folder():
        known = top.isidentifier() and find_spec(top) is not None
        require(
            known,
            f"unknown space {word[:60]!r}: a question's file ends with .py, and no module has "
            "this name",
        )
        module = attempt(word, "importing it", lambda: importlib.import_module(word))
    file = Path(module.__file__ or "")
    return module, sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def attempt(place: str, doing: str, action: Callable[[], Any]) -> Any:
    """Run ``action`` and report any error in one line, since a person may still edit the file."""
    try:
        return action()
    except (Exception, SystemExit) as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        if isinstance(error, SyntaxError):
            at = f"line {error.lineno}"
        else:
            at = f"{Path(where.filename).name}, line {where.lineno}"
        raise UserError(
            f"{place} cannot be used: {doing} raised {type(error).__name__}: "
            f"{error} ({at}); mend the file, or name another space"
        ) from error


def _read(word: str) -> bytes:
    path = Path(word)
    require(path.suffix == ".py", f"unknown space {word[:60]!r}: a question's file ends with .py")
    require("\0" not in word, "--space has a byte of zero: name a file, or a space of --list")
    return read_file(f"--space {word}", path, MOST_BYTES, "name a file, or a space of --list")


class _Bytes(InspectLoader):
    """Loads a module from bytes that were read: a later edit of the file changes nothing."""

    def __init__(self, path: Path, source: bytes) -> None:
        self._path, self._source = path, source

    def get_source(self, fullname: str) -> str:  # noqa: ARG002
        return decode_source(self._source)

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002
        return self.source_to_code(self._source, str(self._path))


def _executed(path: Path, source: bytes) -> ModuleType:
    """The module of the bytes read; no cache is written beside the file."""
    name = f"question_{sha256(source).hexdigest()[:12]}"
    spec = spec_from_loader(name, _Bytes(path, source), origin=str(path))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    module.__file__ = str(path)
    sys.modules[name] = module  # dataclasses look for their module there
    spec.loader.exec_module(module)
    return module


@contextmanager
def _current_folder() -> Iterator[None]:
    """Modules are found in the current folder too, as ``python -m`` finds them."""
    sys.path.insert(0, "")
    try:
        yield
    finally:
        sys.path.remove("")
