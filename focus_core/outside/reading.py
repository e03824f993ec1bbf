"""A plugin that a person names: a file, or an entry point. Nothing of it is run. No torch here."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from focus_core.errors import UserError, require
from focus_core.outside.plugin import GROUPS, Plugin
from focus_core.paths import read_file

MOST_BYTES = 1_000_000
"""The largest file: its text travels to every worker, and the ledger keeps it."""


def is_entry_point(word: str) -> bool:
    """Whether ``word`` names an entry point: the name of a file ends with ``.py``."""
    return word.isidentifier()


def of_file(path: Path, said: str) -> Plugin:
    """The plugin in a file.

    Args:
        path: the file.
        said: how the person gave it, which begins the lines of errors.

    Raises:
        UserError: it cannot be read, or is no text of Python.
    """
    right = "it must be a file of Python, such as my_mixer.py"
    require(path.suffix == ".py", f"{said}: {right}")
    try:
        source = read_file(said, path, MOST_BYTES, right).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(
            f"{said} is no text in UTF-8 (byte {error.start}): save it as such"
        ) from None
    require("\0" not in source, f"{said} is no Python: it has a byte of zero")
    require(bool(source.strip()), f"{said} is empty: write a mixer or a task into it")
    return Plugin(name=path.name, source=source)


def of_entry_point(word: str, said: str) -> Plugin:
    """The plugin that an installed package has under the name ``word``.

    Raises:
        UserError: no installed package has it; ``said`` begins the line.
    """
    found = {
        point.name: point
        for group in GROUPS.values()
        for point in importlib.metadata.entry_points(group=group)
    }
    if word not in found:
        there = f"there are {', '.join(sorted(found))}" if found else "no package has one"
        raise UserError(
            f"{said}: there is no such file, and no entry point of that name in "
            f"{' or '.join(GROUPS.values())} ({there})"
        )
    point = found[word]
    package = point.dist
    version = f"{package.name} {package.version}" if package else ""
    return Plugin(name=word, place=point.value, version=version)
