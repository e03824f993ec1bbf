"""Writes a folder anew and replaces the old one in one move."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from focus_core.errors import UserError

Found = TypeVar("Found")


def replace_folder(target: Path, fill: Callable[[Path], Found]) -> Found:
    """Fill a fresh folder beside ``target``, then move it to ``target``.

    Several processes may write the same target at once: the folder of the last one stays.

    Args:
        target: the folder to replace; its old content is removed.
        fill: writes the content into the fresh folder that it is given.

    Returns:
        The value that ``fill`` returns.

    Raises:
        UserError: the place cannot be written, or ``target`` is something else than a folder.
    """
    around = target.parent
    try:
        around.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=around))
    except OSError as error:
        raise UserError(
            f"cannot write to {around}: {error.strerror}; name another folder with --home"
        ) from error
    try:
        found = fill(fresh)
        fresh.chmod(0o755)
        while not _moved(fresh, target):
            _take_away(target)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return found


def _moved(fresh: Path, target: Path) -> bool:
    """Move ``fresh`` to ``target``; False if a folder with content is in the way.

    Raises:
        UserError: ``target`` is something else than a folder, such as a file.
    """
    try:
        os.rename(fresh, target)
    except NotADirectoryError:
        raise UserError(f"{target} is no folder: move it away") from None
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True


def _take_away(target: Path) -> None:
    """Remove the folder ``target`` in one move, unless another writer has just removed it."""
    beside = tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent)
    with beside as before, suppress(FileNotFoundError):
        os.rename(target, Path(before, "before"))
