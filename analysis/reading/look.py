"""Read and check the file that ``sweeps.look`` wrote about a trial."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from focus_core.errors import UserError

FORMAT = 1
KEYS = {
    *("trial_id", "seed", "task", "length", "mixer", "filter", "bin_length", "resets"),
    *("backwards", "leaks", "key_place", "channels", "layers", "timings", "hardware", "versions"),
}


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
            f"{path} is no look of format {FORMAT} into a trial: compute it again with --fresh"
        )
    return look
