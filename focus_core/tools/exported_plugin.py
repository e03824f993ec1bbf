"""The plugins of an exported network: what its folder says of each, and the one a caller names.

A folder may come from somebody else. Its text is never run: only what the caller names is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from focus_core.errors import UserError, require
from focus_core.outside.loading import load, plugged
from focus_core.outside.plugin import Plugin, where_in
from focus_core.outside.reading import is_entry_point, of_entry_point, of_file
from focus_core.tools.executed_code import plugin_code

MOST_LETTERS = 300


class Needed(NamedTuple):
    """A plugin that a trial needs, as ``config.json`` has it.

    Attributes:
        name: its file's name, or the entry point's.
        code: the identity of its code: ``plugin_code``.
        mixer: the trial's mixer, where the plugin adds it.
        task: the trial's task, where the plugin adds it. The network alone does not need it.
        file: the file in the folder that has its text; empty for an entry point.
        sha256: of that text; empty for an entry point.
        version: name and version of the package that has the entry point; empty for a file.
    """

    name: str
    code: str
    mixer: str | None
    task: str | None
    file: str
    sha256: str
    version: str


def needed_of(plugin: Plugin, mixer: str, task: str) -> Needed:
    """What a folder says of a plugin that adds this mixer, this task, or both."""
    adds_mixer, adds_task = mixer in plugin.systems, task in plugin.tasks
    return Needed(
        name=plugin.name,
        code=plugin_code(plugin),
        mixer=mixer if adds_mixer else None,
        task=task if adds_task else None,
        file=f"plugin_{mixer if adds_mixer else task}.py" if plugin.source else "",
        sha256=plugin.sha256,
        version=plugin.version,
    )


def the_needed(said: Sequence[Mapping[str, Any]], mixer: str) -> Needed | None:
    """The plugin that adds the network's mixer; None where the mixer is ours.

    Raises:
        KeyError, TypeError, ValueError: ``said`` describes no plugins.
    """
    every = [Needed(**each) for each in said]
    for each in every:
        words = list(each._replace(mixer=each.mixer or "", task=each.task or ""))
        fit = [isinstance(w, str) and w.isprintable() and len(w) < MOST_LETTERS for w in words]
        is_one = not (each.file and each.version)
        require(all(fit) and is_one, "its plugins are told in odd words")
    return next((each for each in every if each.mixer == mixer), None)


@contextmanager
def named(folder: Path, needed: Needed | None, word: str | Path | None) -> Iterator[None]:
    """Register the plugin that the caller names as ``word``, if it is what the network needs.

    Raises:
        UserError: the caller names none, or one that is not the trial's.
    """
    if needed is None:
        given = f"plugin={str(word)!r}: the network in {folder} needs no plugin: leave it out"
        require(word is None, given)
        yield
        return
    if word is None:
        raise UserError(
            f"{folder} needs {_own(needed)}, and runs no code that you do not name: {_how(needed)}"
        )
    plugin = _same(needed, str(word))
    with plugged([plugin]):
        mixers = load(plugin).systems
        require(
            needed.mixer in mixers,
            f"plugin={str(word)!r} adds no mixer {needed.mixer!r}: {_how(needed)}",
        )
        try:
            yield
        except UserError:
            raise
        except Exception as error:  # the plugin's code may raise anything
            words = f"{type(error).__name__}: {' '.join(str(error).split())}"
            where = where_in(plugin, error)
            raise UserError(
                f"plugin={str(word)!r}: its network cannot be built here: {words}{where}"
            ) from error


def _same(needed: Needed, word: str) -> Plugin:
    """The plugin that ``word`` names, with the trial's code; nothing of it has run."""
    said = f"plugin={word!r}"
    plugin = of_entry_point(word, said) if is_entry_point(word) else of_file(Path(word), said)
    require(
        plugin_code(plugin) == needed.code,
        f"{said} has other code than {_own(needed)}: {_how(needed)}",
    )
    return plugin


def _own(needed: Needed) -> str:
    """The plugin in words."""
    origin = f"sha256 {needed.sha256[:12]}" if needed.file else f"of {needed.version}"
    return f"the trial's plugin {needed.name} ({origin}) for its mixer {needed.mixer}"


def _how(needed: Needed) -> str:
    """What a caller may do."""
    if needed.file:
        return f"read {needed.file} in the folder, and load with plugin='FOLDER/{needed.file}'"
    return f"install {needed.version}, and load with plugin={needed.name!r}"
