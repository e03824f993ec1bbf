"""Launch or resume a sweep: ``python sweeps/launch.py --space nfft_bins``.

The same command again resumes the sweep. Finished trials are kept, and unfinished trials continue
from their last checkpoint.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import search_spaces
from focus_core.errors import UserError
from focus_core.output import lost_output, tell
from sweeps.commands.command_line import (
    EXIT_DONE,
    EXIT_USAGE,
    CommandLine,
    amount,
    answer,
    cluster_address,
    escaped,
    filled,
    one_line,
    one_of,
    whole,
)
from sweeps.driving.samplers import SAMPLERS
from sweeps.planning.destinations import check_places
from sweeps.planning.plan import Plan, make_plan
from sweeps.planning.plan_in_words import describe_axis, plan_lines

NAME = "launch.py"
EXIT_CODES = (
    "exit codes: 0 every trial has ended; 1 failed; 2 the command line or its surroundings are "
    "wrong; 75 the time budget is used up and work is left; 128 + n signal n stopped the sweep and "
    "work is left (130 Ctrl-C, 143 SIGTERM). After 75 and 128 + n the same command goes on."
)


def build_parser() -> CommandLine:
    """The flags. No config field gets a flag: ``--set`` changes every field."""
    parser = CommandLine(
        NAME, "Launch a sweep, or go on with one: the same command again resumes it."
    )
    parser.epilog = EXIT_CODES
    add = parser.add_argument
    add("--space", help="the question: a module in search_spaces/ (see --list)")
    add("--list", action="store_true", help="list the spaces; with --space, all values of its axes")
    add("--name", help="the sweep's name (default: the space's)")
    add("--trials", type=whole, help="trials in all (default: the space's); more simply adds")
    add("--seeds", type=whole, help="replicates a trial (default: the space's); more simply adds")
    add("--sampler", type=one_of(*SAMPLERS), help=f"{', '.join(SAMPLERS)} (default: the space's)")
    add("--set", action="extend", nargs="+", metavar="KEY=VALUE", help="change the base config")
    add("--cpus-per-trial", type=amount, help="default: 1")
    add("--gpus-per-trial", type=amount, help="default: 1 where there is a GPU, else 0")
    add("--max-concurrent", type=whole, help="trials at once (default: as many as fit)")
    add("--time-budget", help="stop after so long, such as 90s, 10m, 2h; goes on when relaunched")
    add(
        "--address",
        type=cluster_address,
        help="a running Ray cluster, such as auto (default: this machine)",
    )
    add("--home", help="where everything is kept (default: FOCUS_HOME, or runs/)")
    add(
        "--tracking-uri",
        type=filled,
        help="MLflow (default: MLFLOW_TRACKING_URI, or HOME/mlflow.db)",
    )
    add("--retry-failed", action="store_true", help="try failed trials again, from the start")
    add("--only", nargs="+", metavar="TRIAL_ID", help="with --seeds: more for these trials alone")
    add("--confirm", type=whole, metavar="K", help="train winner and reference on K fresh seeds")
    add("--hypothesis", type=filled, metavar="TEXT", help="what is expected: said before, shown")
    add("--margin", type=amount, help="the largest difference that nobody would care about")
    add("--rerun", action="store_true", help="train again what has been trained")
    add("--local", action="store_true", help="in this process, without Ray, for a debugger")
    add("--dry-run", action="store_true", help="print the plan and stop; writes nothing")
    return parser


def main(argv: Sequence[str] | None = None, *, own_process: bool = False) -> int:
    """Run the command line; returns the exit code.

    Args:
        argv: the words of the command line; None: the words that this program was started with.
        own_process: True when nothing else runs in this process. Otherwise a sweep on Ray gets a
            separate process, because Ray may end the process that drives the sweep.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _launch(words, own_process))


def _launch(argv: list[str], own_process: bool) -> int:
    args = build_parser().read(argv)
    if args.list:
        return print_spaces() if args.space is None else print_axes(args.space)
    if args.space is None:
        raise UserError(f"--space is missing: one of {', '.join(search_spaces.names())}")
    plan = make_plan(args)
    plan = check_places(plan, "--tracking-uri" if args.tracking_uri else "MLFLOW_TRACKING_URI")
    if args.confirm is not None:
        from sweeps.launching.confirmation import confirmation_of

        plan = confirmation_of(plan, args)
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


def print_spaces() -> int:
    """Print every space with its question; returns the exit code.

    A space that cannot be read gets an error line; the other spaces are still listed.
    """
    width = max(len(escaped(name)) for name in search_spaces.names())
    code = EXIT_DONE
    for name in search_spaces.names():
        try:
            question = one_line(search_spaces.load(name).question)
        except UserError as error:
            tell(f"{NAME}: {one_line(str(error))}", error=True)
            code = EXIT_USAGE
            continue
        tell(f"{escaped(name):<{width}}  {question}")
    return code


def print_axes(name: str) -> int:
    """Print the question of one space, and every value that it tries; returns the exit code."""
    space = search_spaces.load(name)
    tell(f"{escaped(name)}  {one_line(space.question)}")
    for axis in space.describe_axes():
        tell(f"  {escaped(describe_axis(axis))}")
    return EXIT_DONE


def print_plan(plan: Plan) -> None:
    """Print the plan, before anything happens."""
    for label, text in plan_lines(plan):
        tell(f"{label:>9}  {escaped(text)}")


if __name__ == "__main__":
    sys.exit(main(own_process=True))
