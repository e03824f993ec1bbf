"""Writes the folder of an export: whole, or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from focus_core.errors import UserError
from focus_core.outside.plugin import Plugin
from sweeps.commands.command_line import shown, usable_path
from sweeps.exporting.card import card
from sweeps.exporting.selection import Chosen

if TYPE_CHECKING:
    from focus_core.tools.exported_plugin import Needed
    from sweeps.workers.trained_network import Trained

CARD = "README.md"


def new_folder(word: str) -> Path:
    """The folder that ``word`` names, where an export may be written.

    Raises:
        UserError: there is something already, or nothing can be written there.
    """
    path = usable_path("FOLDER", word)
    if os.path.lexists(path) and not _is_empty_folder(path):
        raise UserError(f"{shown(word)} is there already: name a new folder, or an empty one")
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK | os.X_OK):
        raise UserError(f"{shown(word)} must be in a folder that is there and can be written to")
    return path


def write_folder(place: Path, found: Trained, chosen: Chosen, *, picked: bool) -> None:
    """Write the network, its config, its card and its plugins. Call this beside them.

    The folder is written under another name and then moved, so that nobody finds half of it.

    Args:
        place: of ``new_folder``.
        found: the weights.
        chosen: the trial.
        picked: whether the validation scores chose the seed.

    Raises:
        UserError: the folder cannot be written, or would not give the trained network; what was
            there before is still there.
    """
    from focus_core.tools import exported
    from sweeps.exporting.whole import check_whole

    net, shape = found.build(), found.shape()
    plugins = needed_plugins(found)
    fresh = place.with_name(f".{place.name}.{uuid.uuid4().hex}.new")
    try:
        fresh.mkdir()
        exported.write(fresh, net, shape, facts(found, chosen), plugins)
        check_whole(fresh, net, shape, list(plugins))
        text = card(found, chosen, shape, list(plugins), picked=picked)
        (fresh / CARD).write_text(text, encoding="utf-8")
        fresh.replace(place)  # an empty folder gives way; one that was filled meanwhile does not
    except OSError as error:
        why = error.strerror or str(error).splitlines()[0]
        raise UserError(f"cannot write {shown(str(place))} ({why}): name another folder") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def facts(found: Trained, chosen: Chosen) -> dict[str, Any]:
    """What ``config.json`` says of the training, as plain data."""
    row, sweep = chosen.row, chosen.sweep
    return {
        "trial_id": row.trial_id,
        "seed": found.seed,
        "config": row.config,
        "sweep": sweep.name,
        "code": row.code,
        "commit": sweep.commit,
    }


def needed_plugins(found: Trained) -> dict[Needed, Plugin]:
    """What the trial needs from outside, with what the folder says of it."""
    from focus_core.tools.exported_plugin import needed_of

    model, task = found.trial.model, found.trial.task
    return {needed_of(plugin, model.mixer, task.name): plugin for plugin in found.plugins}


def _is_empty_folder(path: Path) -> bool:
    try:
        return path.is_dir() and not path.is_symlink() and not any(path.iterdir())
    except OSError:
        return False
