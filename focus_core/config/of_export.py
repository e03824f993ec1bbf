"""The ``config.json`` of an exported network: sealed when it is written, checked when it is read.

A digest in the file covers all the rest of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from focus_core.errors import UserError, require

FORMAT = 2
KEYS = {"format", "model", "network", "plugins", "trial", "weights_sha256", "sha256"}
MOST_BYTES = 2**20
"""A longer config is none of ours, and is not read."""
RIGHT = "name a folder that `python -m sweeps.export` wrote"


def sealed(said: Mapping[str, Any]) -> str:
    """The text of a ``config.json`` that says this."""
    whole = {"format": FORMAT, **said}
    text = json.dumps(whole | {"sha256": digest(_canonical(whole))}, indent=2, allow_nan=False)
    return f"{text}\n"


def read_export(path: Path) -> dict[str, Any]:
    """What the ``config.json`` of an export says.

    Raises:
        UserError: it cannot be read, is of another program or format, or was changed.
    """
    content = read_bytes(path, MOST_BYTES)
    try:
        said = json.loads(content)
    except (ValueError, RecursionError):
        raise UserError(f"{path} is no JSON: {RIGHT}") from None
    require(is_export(said), f"{path} is of another program: {RIGHT}")
    require(
        said["format"] == FORMAT,
        f"{path} has format {str(said['format'])[:20]}, this program reads {FORMAT}: export the "
        "trial again",
    )
    rest: dict[str, Any] = {name: value for name, value in said.items() if name != "sha256"}
    changed = said.keys() != KEYS or said["sha256"] != digest(_canonical(rest))
    require(not changed, f"{path} was changed after the export: export the trial again")
    return rest


def is_export(said: object) -> bool:
    """Whether this is, or once was, what an export says: a trial's options have dotted keys."""
    return isinstance(said, dict) and {"format", "model", "network", "trial"} <= said.keys()


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """The content of a file of an export.

    Raises:
        UserError: it is no file, is longer than ``most`` bytes, or cannot be read.
    """
    try:
        require(path.is_file(), f"no file {path}: {RIGHT}")
        too_long = most is not None and path.stat().st_size > most
        require(not too_long, f"{path} is too long for a config: {RIGHT}")
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path} ({error.strerror}): {RIGHT}") from None


def digest(content: bytes) -> str:
    """The SHA-256, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _canonical(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
