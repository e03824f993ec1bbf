"""Find, read and check the file that ``sweeps.look`` wrote about a trial."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from focus_core.errors import UserError
from sweeps.commands.doors import door

FORMAT = 1
KEYS = {
    *("trial_id", "seed", "task", "length", "mixer", "filter", "bin_length", "resets"),
    *("backwards", "leaks", "key_place", "channels", "layers", "timings", "hardware", "versions"),
}


def find_looks(home: Path, trial: str, seed: int) -> dict[str, Path]:
    """The files of the trials whose ids begin with ``trial``, by id."""
    ending = f"-seed{seed}.json"
    found = {path.name.removesuffix(ending): path for path in (home / "looks").glob(f"*{ending}")}
    return {name: path for name, path in found.items() if name.startswith(trial)}


def read_look(path: Path) -> dict[str, Any]:
    """The contents of the file: the numbers of one trial.

    Raises:
        UserError: the file cannot be read, or is not a look of format ``FORMAT``.
    """
    try:
        look = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except ValueError:
        look = None
    if (
        not isinstance(look, dict)
        or look.get("format") != FORMAT
        or not look.keys() >= KEYS
        or not re.fullmatch("[0-9a-f]{12}", str(look["trial_id"]))
    ):
        raise UserError(
            f"{path} is no look of format {FORMAT} into a trial: "
            f"compute it again with {door('analysis/trial.py')} TRIAL_ID --fresh"
        )
    return look


def layer_name(layer: Mapping[str, Any]) -> str:
    """Such as ``0``, and in a bidirectional network also ``0 reversed``."""
    return str(layer["layer"]) + (" reversed" if layer["reversed"] else "")
