"""The paths that people give: too long ones are refused, and their files are read, in one line."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from focus_core.errors import UserError, require

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


def read_file(said: str, path: Path, most: int, right: str) -> bytes:
    """The bytes of a person's file, which messages call ``said``.

    Raises:
        UserError: it is no file, cannot be read (says ``right``), or has over ``most`` bytes.
    """
    try:
        about = path.stat()
        is_file = stat.S_ISREG(about.st_mode)
        content = path.read_bytes() if is_file and about.st_size <= most else b""
    except OSError as error:
        raise UserError(f"{said} cannot be read: {error.strerror}; {right}") from None
    except ValueError:
        raise UserError(f"{said} is no path: {right}") from None  # it has a byte of zero
    require(is_file, f"{said} is no file: {right}")
    size = about.st_size
    require(size <= most, f"{said} has {size:,} bytes: at most {most:,} are read")
    return content


def _too_long(name: str, text: str, kind: str, most: int) -> str:
    shown = f"{text[:MOST_SHOWN]!r}... has {len(os.fsencode(text))} bytes"
    return f"{name}: {shown}: {kind} may have at most {most}, use a shorter one"
