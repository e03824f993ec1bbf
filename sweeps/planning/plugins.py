"""The plugins of a launch: those of its command line, and those that its sweep had before."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from focus_core.errors import UserError, require
from focus_core.outside.loading import load
from focus_core.outside.plugin import Plugin
from focus_core.outside.reading import is_entry_point, of_entry_point, of_file
from search_spaces.own import is_file
from search_spaces.points import sample_points
from search_spaces.vary import name_of
from sweeps.commands.command_line import CommandLine, shown, usable_path
from sweeps.planning.plan import Plan
from sweeps.provenance.consent import give, given
from sweeps.record.home import Home, find_home, ledger_file
from sweeps.record.plugins import plugins_of, replaced
from sweeps.record.reading import reading

FLAG = "--plugin"


def add_plugin_flag(parser: CommandLine) -> None:
    """Give a command the flag that names plugins, and lets them run."""
    words = "your own mixers and tasks: files, or entry points"
    parser.add_argument(FLAG, action="extend", nargs="+", metavar="FILE", help=words)


def plugins_for(args: Namespace) -> tuple[Plugin, ...]:
    """The plugins of a command line, after those that the ledger has of the same sweep.

    Raises:
        UserError: a plugin cannot be read or loaded; the message is one line.
    """
    found = read_plugins(args.plugin or [])
    name = args.name or (_space_name(args.space) if args.space else name_of(args.vary or []))
    if not name or args.list:
        return tuple(found)
    known = replaced(_kept(find_home(args.home, args.tracking_uri), name), found)
    return given(known)


def _space_name(word: str) -> str:
    """The name of the space before it is loaded."""
    return Path(word).stem if is_file(word) else word.rpartition(".")[2]


def read_plugins(words: Sequence[str]) -> list[Plugin]:
    """The plugins that a command line gives; whoever gives them lets them run here.

    Raises:
        UserError: a plugin cannot be read or loaded; the message is one line.
    """
    found: list[Plugin] = []
    for word in words:
        plugin = with_names(_read(word))
        twice = [name for known in found for name in known.adds if name in plugin.adds]
        require(
            not twice, f"{FLAG}: {shown(word)} and another plugin both add {twice[:1]}: leave one"
        )
        found.append(plugin)
    give(found)
    return found


def with_names(plugin: Plugin) -> Plugin:
    """``plugin`` with the names of its mixers and tasks: this call runs its code."""
    found = load(plugin)
    return replace(plugin, systems=tuple(found.systems), tasks=tuple(found.tasks))


def with_plugins(plan: Plan, plugins: Sequence[Plugin]) -> Plan:
    """``plan`` with its plugins, each tried, and with a caution for each that no trial needs.

    Raises:
        UserError: a mixer or a task breaks a promise of every mixer or task.
    """
    if not plugins:
        return plan
    from focus_core.tools.probe import probe

    probe(plugins)
    points = sample_points(plan.space.axes)
    configs = [plan.space.configure(point, plan.base).canonical() for point in points]
    needed = [p for p in plugins if any(p.serves(config) for config in configs)]
    cautions = (*plan.cautions, *(_unneeded(p) for p in plugins if p not in needed))
    return replace(plan, plugins=tuple(needed), cautions=cautions)


def plugins_in_words(plugins: Sequence[Plugin]) -> list[str]:
    """What each plugin adds, where it comes from, its options, and what it lacks."""
    found = []
    for plugin in plugins:
        systems, tasks = load(plugin)
        text = plugin.in_words()
        configs: dict[str, type[Any]] = {name: each.config for name, each in systems.items()}
        configs |= {name: each.config for name, each in tasks.items()}
        for name, config in configs.items():
            own = [f for f in fields(config) if f.name in config.__annotations__]
            options = ", ".join(f"{f.name}={f.default}" for f in own if f.default != name)
            text += f"; {name}: {options or 'no options'}"
        lacking = [why for each in systems.values() if (why := each.config().why_no_step())]
        found.append("; ".join([text, *lacking]))
    return found


def _unneeded(plugin: Plugin) -> str:
    uses = [f"--set model.mixer={name}" for name in plugin.systems]
    uses += [f"--set task.name={name}" for name in plugin.tasks]
    return f"no trial needs the plugin {plugin.name}: use {' or '.join(uses)}"


def _kept(home: Home, sweep: str) -> list[Plugin]:
    """What the ledger has; nothing where it cannot be read: the launch itself says so."""
    try:
        path = ledger_file(home)
        if path is not None and not path.is_file():
            return []
        with reading(home) as connection:
            return plugins_of(connection, sweep)
    except UserError:
        return []


def _read(word: str) -> Plugin:
    said = f"{FLAG} {shown(word)}"
    if is_entry_point(word):
        return of_entry_point(word, said)
    return of_file(usable_path(FLAG, word), said)
