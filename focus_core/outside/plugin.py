"""A plugin as plain data: it travels to workers, and the ledger keeps it. No torch here."""

from __future__ import annotations

import dataclasses
import hashlib
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PREFIX = "focus_plugin_"
"""The beginning of the name of each module that is made of a plugin's text."""
GROUPS = {"systems": "focus_sweeps.systems", "tasks": "focus_sweeps.tasks"}
"""The groups of entry points in which an installed package names its mixers and its tasks."""
SOURCES: dict[str, str] = {}
"""By module name, the text of every file that this process has loaded."""


@dataclass(frozen=True, kw_only=True)
class Plugin:
    """A file with mixers or tasks, or one entry point of an installed package.

    Attributes:
        name: the file's name, or the entry point's.
        source: the text of the file; empty for an entry point.
        place: where the entry point leads, as ``module:class``; empty for a file.
        version: name and version of the package that has the entry point; empty for a file.
        systems: the values of ``model.mixer`` that the plugin adds.
        tasks: the values of ``task.name`` that the plugin adds.
    """

    name: str
    source: str = ""
    place: str = ""
    version: str = ""
    systems: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()

    @property
    def sha256(self) -> str:
        """The SHA-256 of the file's text in UTF-8; empty for an entry point."""
        return hashlib.sha256(self.source.encode()).hexdigest() if self.source else ""

    @property
    def module(self) -> str:
        """The name of the plugin's module: two versions of a file are two modules."""
        return PREFIX + self.sha256[:12] if self.source else self.place.partition(":")[0]

    @property
    def adds(self) -> tuple[str, ...]:
        """The names of its mixers and tasks."""
        return (*self.systems, *self.tasks)

    def serves(self, config: Mapping[str, object]) -> bool:
        """Whether a trial with this flat config needs the plugin."""
        return config.get("model.mixer") in self.systems or config.get("task.name") in self.tasks

    def as_data(self) -> dict[str, Any]:
        """The plugin as JSON can hold it; ``from_data`` is the inverse."""
        return dataclasses.asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Plugin:
        """The inverse of ``as_data``, also of data that JSON has turned into lists."""
        names = {key: tuple(data[key]) for key in ("systems", "tasks")}
        return cls(**{**data, **names})

    def in_words(self) -> str:
        """Its names and where they come from, in one line."""
        origin = f"sha256 {self.sha256[:12]}" if self.source else f"{self.place} of {self.version}"
        return f"{', '.join(self.adds)} ({self.name}, {origin})"


def where_in(plugin: Plugin, error: BaseException) -> str:
    """The last line of a plugin's file that ``error`` passed, in brackets; empty where none is."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame.lineno for frame in frames if frame.filename == plugin.name]
    return f" (line {own[-1]})" if own else ""


def bare_name(module: str) -> str:
    """The name of a module in a code identity: the text of a plugin counts, its place does not."""
    return "plugin" if module.startswith(PREFIX) else module
