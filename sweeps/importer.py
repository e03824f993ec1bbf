"""Import a sweep of another tool into the ledger: ``python -m sweeps.importer``.

Then ``python analysis/report.py --sweep NAME`` reports on the sweep.
"""

from __future__ import annotations

import importlib
import re
import shlex
import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from focus_core.errors import UserError
from focus_core.output import tell
from sweeps.commands.command_line import (
    CommandLine,
    answer,
    counted,
    escaped,
    filled,
    one_of,
)
from sweeps.commands.redact import hide_secrets
from sweeps.commands.settings import check_settings
from sweeps.importing.found import Asked, Found
from sweeps.importing.writing import write
from sweeps.planning.plan import NAME as NAMES
from sweeps.record.home import Home, find_home, ledger_file, private_files
from sweeps.record.ledger import Ledger
from sweeps.record.schema import Sweep

NAME = "sweeps.importer"
SOURCES = {name: f"from_{name}" for name in ("optuna", "ray", "mlflow", "table")}
"""The module in ``sweeps.importing`` that reads each tool."""


def build_parser(tool: str = "--from") -> CommandLine:
    """The flags; ``tool`` is the flag that names the other tool."""
    parser = CommandLine(f"python -m {NAME}", "Read another tool's sweep into the ledger.")
    add = parser.add_argument
    kinds = ", ".join(SOURCES)
    add(tool, dest="kind", type=one_of(*SOURCES), metavar="TOOL", help=f"one of {kinds}")
    add("--source", type=filled, metavar="WHERE", help="an address, a folder or a file")
    add("--of", type=filled, help="the study or experiment in it (default: the only one)")
    add("--name", type=filled, help="the sweep's name here (default: the source's own)")
    add("--metric", type=filled, help="the score (default: what the source says)")
    add("--test", type=filled, help="the score on data that nothing was chosen by")
    add("--direction", type=one_of("maximize", "minimize"), metavar="WAY", help="which is better")
    add("--seed", type=filled, help="the parameter that is the seed (default: seed)")
    add("--parameters", nargs="+", metavar="KEY", help="which ones count (default: all)")
    add("--tuned", nargs="+", default=[], metavar="KEY", help="tuned by every arm for itself")
    add("--step", type=filled, help="of a table: the column of the step")
    add("--state", type=filled, help="of a table: the column that says how a run ended")
    add("--question", type=filled, help="what it should answer, for the report's title")
    add("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns 0 when the sweep is imported, 2 when it cannot be."""
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _import(words))


def _import(argv: list[str]) -> int:
    name, home = bring_in(argv)
    where = [] if home == Path("runs").absolute() else ["--home", str(home)]
    words = shlex.join(["python", "analysis/report.py", "--sweep", name, *where])
    tell(escaped(f"Report: {words}"))
    return 0


def bring_in(argv: list[str], tool: str = "--from") -> tuple[str, Path]:
    """Import the sweep that a command line names, and print a summary of it.

    Args:
        argv: the words of the command line.
        tool: the flag that names the other tool.

    Returns:
        the name of the sweep, and the home whose ledger has the sweep.

    Raises:
        UserError: the sweep cannot be imported.
    """
    args = build_parser(tool).read(argv)
    for flag, value in ((tool, args.kind), ("--source", args.source)):
        if value is None:
            raise UserError(f"{flag} is missing, such as {tool} optuna --source sqlite:///study.db")
    check_settings()
    asked = _asked(args)
    found: Found = importlib.import_module(f"sweeps.importing.{SOURCES[args.kind]}").read(asked)
    name = _sweep_name(args.name, found)
    home = find_home(args.home)
    words = ["--from" if word == tool else hide_secrets(word) for word in argv]
    command = shlex.join(["python", "-m", NAME, *words])
    options = {"name": name, "question": args.question, "tuned": args.tuned, "command": command}
    with _ledger(home) as ledger:
        sweep, notes = write(ledger, found, asked, **options)
    tell(escaped(_summary(sweep, found)))
    for note in notes:
        tell(escaped(f"Note: {note}"))
    return name, home.folder


def _asked(args: Namespace) -> Asked:
    names = ("source", "of", "metric", "test", "direction", "seed", "parameters", "step", "state")
    return Asked(**{name: getattr(args, name) for name in names})


def _sweep_name(given: str | None, found: Found) -> str:
    name = found.name if given is None else given
    if NAMES.fullmatch(name):
        return name
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:80]
    raise UserError(
        f"--name {name[:40]!r} must be 1 to 80 letters, digits, '.', '_' or '-', starting with a "
        f"letter or digit: add --name {plain or 'my_sweep'}"
    )


@contextmanager
def _ledger(home: Home) -> Iterator[Ledger]:
    ledger_file(home)
    with private_files():
        try:
            home.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(
                f"cannot write to the home {home.folder} ({error.strerror}): name another with "
                "--home"
            ) from None
        ledger = Ledger(home.ledger_url)
        try:
            yield ledger
        finally:
            ledger.close()


def _summary(sweep: Sweep, found: Found) -> str:
    states = Counter(trial.state for trial in sweep.trials)
    each = ", ".join(f"{count} {state}" for state, count in states.most_common())
    varied = ", ".join(str(axis["key"]) for axis in sweep.axes) or "nothing"
    return (
        f"Imported {found.kind} {found.name} as {sweep.name}: "
        f"{counted(len(sweep.trials), 'trial')} ({each}) of {counted(sweep.seeds, 'seed')}; "
        f"{sweep.direction} {found.metric}; what varies: {varied}"
    )


if __name__ == "__main__":
    sys.exit(main())
