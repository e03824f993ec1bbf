"""Which plugins may run here: those that this user has given with ``--plugin``.

A ledger may come from somebody else. The text of a plugin that only a ledger has is never run.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from focus_core.errors import UserError
from focus_core.outside.plugin import GROUPS, Plugin

_GIVEN: set[str] = set()
"""What this process was given, by ``_key``."""


def give(plugins: Iterable[Plugin]) -> None:
    """Let these plugins run in this process: the user gave them to this command."""
    _GIVEN.update(map(_key, plugins))


def remember(plugins: Iterable[Plugin]) -> None:
    """Let these plugins run in later processes of this user too, if a note of them can be kept."""
    with suppress(OSError):
        for plugin in plugins:
            _folder().mkdir(parents=True, exist_ok=True)
            (_folder() / _key(plugin)).touch()


def given(plugins: Iterable[Plugin]) -> tuple[Plugin, ...]:
    """Return ``plugins``, which a ledger has, unchanged.

    Raises:
        UserError: this user has never given one of them, and no installed package has it.
    """
    found = tuple(plugins)
    for plugin in found:
        is_known = _key(plugin) in _GIVEN or (_folder() / _key(plugin)).exists()
        if not is_known and not _is_installed(plugin):
            raise UserError(
                f"the plugin {plugin.name} (sha256 {plugin.sha256[:12]}) was never given here, and "
                "text that only a ledger has is not run: give its file with --plugin"
            )
    return found


def _is_installed(plugin: Plugin) -> bool:
    if plugin.source:
        return False  # the text would be run, and no package
    points = (p for group in GROUPS.values() for p in importlib.metadata.entry_points(group=group))
    return (plugin.name, plugin.place) in {(point.name, point.value) for point in points}


def _key(plugin: Plugin) -> str:
    return plugin.sha256 or hashlib.sha256(plugin.place.encode()).hexdigest()


def _folder() -> Path:
    settings = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(settings) / "focus_sweeps" / "plugins"
