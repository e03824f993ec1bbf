"""Carry out a command line of ``launch.py``: its plan, then the sweep."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from focus_core.errors import require
from focus_core.output import lost_output, tell
from focus_core.outside.plugin import Plugin
from search_spaces.written import write
from sweeps.commands.command_line import EXIT_DONE, escaped
from sweeps.commands.doors import door
from sweeps.planning.destinations import check_places
from sweeps.planning.plan import Plan, make_plan
from sweeps.planning.plan_in_words import as_file, plan_lines
from sweeps.planning.plugins import with_plugins


def plan_of(args: Namespace, plugins: Sequence[Plugin]) -> Plan:
    """The plan that a command line asks for; nothing is written.

    Args:
        args: the command line.
        plugins: its plugins; see ``beside_ours``.

    Raises:
        UserError: the command line or its surroundings are wrong.
    """
    plan = with_plugins(make_plan(args), plugins)
    plan = check_places(plan, "--tracking-uri" if args.tracking_uri else "MLFLOW_TRACKING_URI")
    if args.confirm is None:
        return plan
    from sweeps.launching.confirmation import confirmation_of

    return confirmation_of(plan, args)


def carry_out(plan: Plan, args: Namespace, argv: list[str], *, own_process: bool = False) -> int:
    """Print the plan and run it; returns the exit code.

    Args:
        plan: what to do.
        args: the command line.
        argv: the words of the command line.
        own_process: as for ``main``.
    """
    if args.save_space is not None:
        return save_space(plan, args)
    if not (own_process or args.local or args.dry_run):
        from sweeps.launching.separate_process import launch_apart

        return launch_apart(argv)
    print_plan(plan)
    if args.dry_run:
        return EXIT_DONE
    if plan.address is not None:
        from sweeps.workers.on_ray.reachable import check_cluster

        check_cluster(plan.address)
    from sweeps.launching.run import run_sweep

    options = {"retry_failed": args.retry_failed, "rerun": args.rerun}
    code = run_sweep(plan, argv, **options, called=not own_process)
    lost_output()  # forget lost lines: the ledger has all results
    return code


def save_space(plan: Plan, args: Namespace) -> int:
    """Write the plan's question as a file, and print the plan; returns the exit code.

    Raises:
        UserError: the file cannot be written, or the command also asks for something else.
    """
    other = "--dry-run" if args.dry_run else "--confirm" if args.confirm is not None else ""
    require(not other, f"--save-space writes the question of a sweep and stops: leave out {other}")
    write(Path(args.save_space), as_file(plan))
    print_plan(plan)
    plugins = ["--plugin", *args.plugin] if args.plugin else []
    words = shlex.join([*plugins, "--space", args.save_space])
    tell(f"Written: {escaped(args.save_space)}; {door('sweeps/launch.py')} {escaped(words)}")
    return EXIT_DONE


def print_plan(plan: Plan) -> None:
    """Print the plan, before anything happens."""
    for label, text in plan_lines(plan):
        tell(f"{label:>9}  {escaped(text)}")
