"""Refuses paths that are too long for a file system, before anything is written."""

from __future__ import annotations

import os
from pathlib import Path

from focus_core.errors import UserError

LONGEST_NAME = 255
"""Most bytes in the name of a file or a folder."""
LONGEST_PATH = 3500
"""Most bytes in a folder's path: Linux allows 4,095, and files in the folder need some of them."""
MOST_SHOWN = 60


def check_path(name: str, path: Path) -> Path:
    """Return ``path`` unchanged.

    Args:
        name: the flag or variable that gave the path, for the message.
        path: an absolute path.

    Raises:
        UserError: the path, or a name in it, is too long.
    """
    part = max(path.parts, key=lambda text: len(os.fsencode(text)))
    wrong = None
    if len(os.fsencode(part)) > LONGEST_NAME:
        wrong = _too_long(name, part, "a name in a path", LONGEST_NAME)
    elif len(os.fsencode(path)) > LONGEST_PATH:
        wrong = _too_long(name, str(path), "a path", LONGEST_PATH)
    if wrong is not None:
        raise UserError(wrong)
    return path


def _too_long(name: str, text: str, kind: str, most: int) -> str:
    shown = f"{text[:MOST_SHOWN]!r}... has {len(os.fsencode(text))} bytes"
    return f"{name}: {shown}: {kind} may have at most {most}, use a shorter one"
