"""Paths that no file system takes are found out before anything is written."""

from __future__ import annotations

import os
from pathlib import Path

from focus_core.errors import UserError

LONGEST_NAME = 255
"""Bytes of a file's or folder's own name."""
LONGEST_PATH = 3500
"""Bytes of a folder's path: Linux takes 4,095, and what lies in the folder needs some of them."""
MOST_SHOWN = 60


def check_path(name: str, path: Path) -> Path:
    """``path`` itself.

    Args:
        name: of the flag or variable that gave it, for the message.
        path: absolute.

    Raises:
        UserError: it, or a part of it, is too long.
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
