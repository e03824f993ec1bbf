"""What ``sweeps.look`` saw of a trained trial, in a script or a notebook."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analysis.reading.look import find_looks, layer_name, read_look
from focus_core.errors import UserError, require
from sweeps.commands.command_line import home_folder


def load_look(trial: str, seed: int = 0, home: str | Path | None = None) -> Look:
    """Read what ``python -m sweeps.look`` or ``analysis/trial.py`` wrote of a trained trial.

    Args:
        trial: its id, or how it begins.
        seed: whose weights.
        home: the folder of its ledger; None: ``FOCUS_HOME``, else ``runs``.

    Raises:
        UserError: nobody has looked into such a trial yet, or several trials begin so.
    """
    require(bool(trial), "load_look('') must be the id of a trial, or how it begins")
    folder = home_folder(None if home is None else str(home))
    found = find_looks(folder, trial, seed)
    if not found:
        command = ["python", "-m", "sweeps.look", trial, "--seed", str(seed)]
        command += [] if home is None else ["--home", str(home)]
        raise UserError(
            f"no look into a trial {trial!r} with seed {seed} is in {folder / 'looks'}: "
            f"make it with {shlex.join(command)}"
        )
    if len(found) > 1:
        raise UserError(f"{len(found)} trials begin with {trial!r}: {', '.join(sorted(found))}")
    return Look(read_look(*found.values()))


class Look:
    """The filters and the speed of one trained trial; ``analysis.figures`` draws them.

    Attributes:
        numbers: all that the file holds, as plain data.
        layers: the layers with Focus filters, by name: ``0``, ``1`` or ``0 reversed``.
        channels: the channels that are shown one by one.
    """

    def __init__(self, numbers: Mapping[str, Any]) -> None:
        """For what was read of a file."""
        self.numbers = numbers
        self.layers = {layer_name(layer): layer for layer in numbers["layers"]}
        self.channels: list[int] = numbers["channels"]

    def __repr__(self) -> str:
        """The trial, and which layers and channels can be drawn."""
        layers, channels = ", ".join(self.layers), ", ".join(map(str, self.channels))
        shown = f"layers {layers}; channels {channels}" if layers else "no Focus filters"
        return f"<trial {self.numbers['trial_id']}, seed {self.numbers['seed']}: {shown}>"
