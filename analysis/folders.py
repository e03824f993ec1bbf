"""A folder that is written anew, and replaced in one move."""

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
    """Make it in a folder beside its place, then put it there in one move.

    Several may write the same target at once: the last one stays.

    Args:
        target: where it will be; what was there before is gone then.
        fill: writes into a fresh folder.

    Returns:
        What ``fill`` does.

    Raises:
        UserError: nothing can be written there, or something else is there.
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
    """Whether ``fresh`` is ``target`` now; False where a folder that is not empty is there.

    Raises:
        UserError: something else is there, such as a file.
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
    """Remove the folder ``target`` in one move, if another writer has not just done so."""
    beside = tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent)
    with beside as before, suppress(FileNotFoundError):
        os.rename(target, Path(before, "before"))
