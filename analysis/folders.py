"""A folder that is written anew, and replaced in one move."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from focus_core.errors import UserError

Found = TypeVar("Found")


def replace_folder(target: Path, fill: Callable[[Path], Found]) -> Found:
    """Make it in a folder beside its place, then put it there in one move.

    Args:
        target: where it will be; what was there before is gone then.
        fill: writes into a fresh folder.

    Returns:
        What ``fill`` does.

    Raises:
        UserError: nothing can be written there.
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
        if target.exists():
            os.rename(target, fresh / ".before")
        os.rename(fresh, target)
        shutil.rmtree(target / ".before", ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return found
