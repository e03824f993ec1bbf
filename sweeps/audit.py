"""Does everything agree with the ledger? ``python sweeps/audit.py [--sweep NAME] [--home DIR]``.

Exits 0 when nothing disagrees, 1 when something does, 2 when it cannot tell.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from focus_core.output import tell
from sweeps.commands.command_line import CommandLine, answer, counted, escaped, filled
from sweeps.commands.settings import check_settings
from sweeps.planning.destinations import check_tracking
from sweeps.planning.plugins import add_plugin_flag, read_plugins
from sweeps.record.home import find_home

if TYPE_CHECKING:
    from sweeps.auditing.home import Looked

NAME = "audit.py"
EXIT_AGREES, EXIT_DISAGREES = 0, 1
MAX_SHOWN = 200


def build_parser() -> CommandLine:
    """The flags."""
    parser = CommandLine(NAME, "Check ledger, MLflow, checkpoints and study against each other.")
    add = parser.add_argument
    add_plugin_flag(parser)
    add("--sweep", metavar="NAME", type=filled, help="default: every sweep of the home")
    add("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    add("--repair", action="store_true", help="rebuild MLflow and checkpoints' folders first")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _audit(words))


def _audit(argv: list[str]) -> int:
    args = build_parser().read(argv)
    check_settings()
    read_plugins(args.plugin or [])
    from sweeps.auditing.home import look

    home = find_home(args.home)
    check_tracking(home.tracking_uri, "MLFLOW_TRACKING_URI")
    found = look(home, args.sweep)
    if args.repair:
        from sweeps.auditing.repair import repair

        repair(home, found)
        found = look(home, args.sweep)
    for sweep in found:
        name = escaped(sweep.name)
        if sweep.held is not None:
            tell(f"{name}: held by {escaped(str(sweep.held))}; trials at work were not compared")
        if sweep.imported:
            tell(f"{name}: imported from another tool; only its own rows were compared")
        elif not sweep.points_checked:
            tell(f"{name}: its space is gone or has changed; ids checked by config only")
        if sweep.missing:
            trials = counted(sweep.missing, "complete trial")
            tell(f"{name}: {trials} without a checkpoint here, so without weights to load")
    if not any(sweep.disagreements for sweep in found):
        tell(f"nothing disagrees: {escaped(summary(found))}")
        return EXIT_AGREES
    show(found)
    return EXIT_DISAGREES


def summary(found: Sequence[Looked]) -> str:
    """One line that says how much was checked."""
    trials = [trial for sweep in found for trial in sweep.rows.trials]
    states = Counter(trial.state for trial in trials)
    each = ", ".join(f"{count} {state}" for state, count in states.most_common()) or "none yet"
    seeds = sum(len(trial.replicates) for trial in trials)
    reports = sum(len(trial.reports) for trial in trials)
    text = f"{counted(len(trials), 'trial')} ({each}), "
    text += f"{counted(seeds, 'replicate')}, {counted(reports, 'report')}"
    return text if len(found) == 1 else f"{len(found)} sweeps, {text}"


def show(found: Sequence[Looked]) -> None:
    """Print the table of disagreements."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    rows = [(sweep.name, d) for sweep in found for d in sweep.disagreements]
    table = Table(title=counted(len(rows), "disagreement"))
    for heading in ("sweep", "trial", "where", "what", "expected"):
        table.add_column(heading, overflow="fold")
    for name, wrong in rows[:MAX_SHOWN]:
        cells = (name, wrong.trial_id or "-", wrong.where, wrong.what, wrong.expected)
        # No markup: names are shown as they are.
        table.add_row(*(Text(escaped(cell)) for cell in cells))
    console = Console(force_jupyter=False)
    with console.capture() as drawn:
        console.print(table)
    tell(drawn.get(), end="")
    if len(rows) > MAX_SHOWN:
        tell(f"... and {len(rows) - MAX_SHOWN} more")


if __name__ == "__main__":
    sys.exit(main())
