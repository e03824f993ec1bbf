"""Load a plugin, and register its mixers and tasks for as long as they are needed."""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

from focus_core.config import Scalar, TrialConfig, kind_of, known_keys
from focus_core.errors import UserError, require
from focus_core.options.words import describe
from focus_core.outside.plugin import SOURCES, Plugin, where_in
from focus_core.outside.system import system_of
from focus_core.outside.task_entry import entry_of
from focus_core.systems import SYSTEMS
from focus_core.systems.system import System
from focus_core.tasks import TASKS
from focus_core.tasks.entry import TaskEntry


class Found(NamedTuple):
    """What a plugin adds, by name."""

    systems: Mapping[str, System]
    tasks: Mapping[str, TaskEntry]


DEFAULTS_OF_OTHERS: dict[str, Scalar] = {"model.mixer": "short_conv", "model.mode": "paper"}
"""What stands beside a mixer or a task that is tried: it takes every length, and every leak."""
_FOUND: dict[tuple[str, str], Found] = {}
"""By module, and the name of an entry point: a process runs a text once, whatever its file is."""


@contextmanager
def plugged(plugins: Sequence[Plugin]) -> Iterator[None]:
    """Register the mixers and tasks of ``plugins`` inside this context.

    The same plugin may be registered already; then the outer context removes it.

    Raises:
        UserError: a plugin cannot be loaded, or a name exists already.
    """
    with ExitStack() as added:
        for plugin in plugins:
            found = load(plugin)
            _register(added, plugin, "mixer", SYSTEMS, found.systems)
            _register(added, plugin, "task", TASKS, found.tasks)
        yield


def load(plugin: Plugin) -> Found:
    """The mixers and tasks of a plugin; only this call runs its code.

    Raises:
        UserError: the code cannot be run, or has no mixer or task that can be used.
    """
    key = (plugin.module, "" if plugin.source else plugin.name)
    if key not in _FOUND:
        try:
            _FOUND[key] = _of_file(plugin) if plugin.source else _of_entry_point(plugin)
        except UserError as error:
            raise UserError(f"plugin {plugin.name}: {error}") from None
    return _FOUND[key]


def _register(
    added: ExitStack, plugin: Plugin, kind: str, registry: dict[str, Any], found: Mapping[str, Any]
) -> None:
    for name, entry in found.items():
        if registry.get(name) is entry:
            continue
        require(
            name not in registry,
            f"plugin {plugin.name}: a {kind} {name!r} exists already: give the class another "
            f'name, such as name = "my_{name}"',
        )
        _check_options(plugin, kind, entry.config)
        registry[name] = entry
        added.callback(registry.pop, name, None)
        _try(plugin, kind, name)


def _check_options(plugin: Plugin, kind: str, config: type[Any]) -> None:
    """An option that another system or task has too must be of the same kind."""
    section, known = ("model" if kind == "mixer" else "task"), set(known_keys())
    for name in config.takes:
        key = f"{section}.{name}"
        if key in known and name in config.__annotations__:
            one, other = config.__annotations__[name], kind_of(key)
            require(
                one == other,
                f"plugin {plugin.name}: the option {name!r} is {describe(one)}, but {key} is "
                f"{describe(other)} elsewhere: use that type, or another name",
            )


def _try(plugin: Plugin, kind: str, name: str) -> None:
    """Make the config with all defaults, as ``--set`` would."""
    changes = DEFAULTS_OF_OTHERS | {"model.mixer" if kind == "mixer" else "task.name": name}
    try:
        TrialConfig().override(changes)
    except UserError as error:
        raise UserError(f"plugin {plugin.name}: with its defaults, {error}") from None


def _of_file(plugin: Plugin) -> Found:
    module = _run(plugin)
    from focus_core.outside.mixer import Mixer
    from focus_core.outside.task import Task

    def classes(base: type[Any]) -> list[type[Any]]:
        return [
            each
            for name, each in vars(module).items()
            if isinstance(each, type) and issubclass(each, base)
            if each.__module__ == module.__name__ and not name.startswith("_")
        ]

    systems, tasks = classes(Mixer), classes(Task)
    require(
        bool(systems or tasks),
        "it has no mixer and no task: write a class that inherits from focus_core.plugin.Mixer "
        "or Task",
    )
    return Found(
        _named(system_of(cls, plugin.module) for cls in systems),
        _named(entry_of(cls, plugin.module) for cls in tasks),
    )


def _named(pairs: Iterator[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, entry in pairs:
        require(name not in found, f"two of its classes have the name {name!r}: rename one")
        found[name] = entry
    return found


def _of_entry_point(plugin: Plugin) -> Found:
    module, _, attribute = plugin.place.partition(":")
    loaded = _attempt(plugin, lambda: getattr(import_module(module), attribute))
    from focus_core.outside.mixer import Mixer
    from focus_core.outside.task import Task

    is_class = isinstance(loaded, type)
    if is_class and issubclass(loaded, Mixer):
        return Found(_named(iter([system_of(loaded, loaded.__module__, plugin.name)])), {})
    if is_class and issubclass(loaded, Task):
        return Found({}, _named(iter([entry_of(loaded, loaded.__module__, plugin.name)])))
    raise UserError(f"{plugin.place} must be a class of focus_core.plugin.Mixer or Task")


def _run(plugin: Plugin) -> ModuleType:
    """Run the text of a plugin as a module, on any host: the file need not be there."""
    module = ModuleType(plugin.module)
    lines = plugin.source.splitlines(keepends=True)
    # Tracebacks, and what compiles functions from their source, find the text here.
    linecache.cache[plugin.name] = (len(plugin.source), None, lines, plugin.name)

    def run() -> None:
        code = compile(plugin.source, plugin.name, "exec", dont_inherit=True)
        sys.modules[plugin.module] = module
        exec(code, module.__dict__)

    try:
        _attempt(plugin, run)
    except UserError:
        sys.modules.pop(plugin.module, None)
        raise
    SOURCES[plugin.module] = plugin.source
    return module


def _attempt(plugin: Plugin, action: Callable[[], Any]) -> Any:
    """Run ``action``; an error of the user's code becomes one line."""
    try:
        return action()
    except ModuleNotFoundError as error:
        raise UserError(
            f"it imports {error.name!r}, which is not installed here: install it, or put the code "
            "into the file"
        ) from None
    except SyntaxError as error:
        raise UserError(f"line {error.lineno} is no Python ({error.msg}): mend the file") from None
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        said = f"{type(error).__name__}: {' '.join(str(error).split())}{where_in(plugin, error)}"
        raise UserError(f"importing it raised {said}: mend the file") from error
