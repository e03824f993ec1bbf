"""``from sweeps import sweep``: what ``launch.py`` does, from a script or a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from focus_core.config import Scalar
from focus_core.errors import UserError
from sweeps.commands.command_line import EXIT_DONE, EXIT_FAILED, EXIT_INTERRUPTED, as_a_guest
from sweeps.launching.command import carry_out, plan_of
from sweeps.planning.flags import build_parser
from sweeps.planning.plugins import plugins_for
from sweeps.provenance.plugins import beside_ours

Values = Scalar | Path | Sequence[Scalar]
Flag = Values | Mapping[str, Values]
NO_SWEEP = ("help", "list", "save_space")
"""Flags that sweep nothing."""


class SweepFailedError(RuntimeError):
    """The sweep failed; the lines that it printed say why."""


@dataclass(frozen=True, kw_only=True)
class Swept:
    """A sweep, as its last launch left it.

    Attributes:
        name: its name, for ``analysis.load`` and every command.
        home: the folder that holds its ledger.
        finished: whether every trial has ended; otherwise the same call goes on.
    """

    name: str
    home: Path
    finished: bool


def sweep(space: str | Path | None = None, **flags: Flag) -> Swept:
    """Launch a sweep, or go on with one: ``sweep("nfft_bins", seeds=5, set={"model.order": 1})``.

    The record is the same as the command's. Progress is printed. The same call goes on after an
    interrupted cell or a restart of Python, and trains nothing twice.

    Args:
        space: a name of ``launch.py --list``, a file, or a module; None: ``vary`` asks.
        flags: the flags of ``launch.py``, with ``_`` for ``-``. ``set`` and ``vary`` take a dict;
            a list of values is written with commas, a range as a word such as ``"1e-4..1e-2"``.

    Raises:
        UserError: the call is wrong, or its surroundings; the message says what would be right.
        SweepFailedError: the sweep failed.
        KeyboardInterrupt: Ctrl-C, or a notebook's stop; the sweep was stopped and can go on.
    """
    for flag in NO_SWEEP:
        if flag in flags:
            raise UserError(f"sweep({flag}=...) sweeps nothing: use the command, launch.py")
    words = command_line(space, flags)
    with as_a_guest():
        args = build_parser().read(words)
        plugins = plugins_for(args)
        with beside_ours(plugins):
            plan = plan_of(args, plugins)
            code = carry_out(plan, args, words)
    if code == EXIT_INTERRUPTED:
        raise KeyboardInterrupt
    if code == EXIT_FAILED:
        raise SweepFailedError(f"the sweep {plan.name!r} failed: the lines above say why")
    finished = code == EXIT_DONE and not args.dry_run
    return Swept(name=plan.name, home=plan.home.folder, finished=finished)


def command_line(space: str | Path | None, flags: Mapping[str, Flag]) -> list[str]:
    """The words of the command that asks the same."""
    words = [] if space is None else ["--space", str(space)]
    for name, value in flags.items():
        empty = isinstance(value, list | tuple | Mapping) and not value
        if value is not None and value is not False and not empty:
            words += [f"--{name.replace('_', '-')}", *_after(value)]
    return words


def _after(value: Flag) -> list[str]:
    """The words behind a flag."""
    if value is True:
        return []
    if isinstance(value, Mapping):
        return [f"{key}={','.join(map(_word, _several(each)))}" for key, each in value.items()]
    return [_word(each) for each in _several(value)]


def _several(value: Values) -> Sequence[Scalar | Path]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def _word(value: Scalar | Path) -> str:
    """A value as a command line has it."""
    return str(value).lower() if value is None or isinstance(value, bool) else str(value)
