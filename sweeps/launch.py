"""Launch a sweep, or go on with one: ``python sweeps/launch.py --space nfft_bins``.

The same command again is the resume command: finished trials are kept, unfinished ones go on
from their last checkpoint.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import search_spaces
from sweeps.plan import Plan, make_plan

EXIT_DONE, EXIT_FAILED, EXIT_USAGE = 0, 1, 2


def build_parser() -> argparse.ArgumentParser:
    """The flags. They do not grow: a config field is reached with --set."""
    parser = argparse.ArgumentParser(
        prog="launch.py",
        description="Launch a sweep, or go on with one: the same command again resumes it.",
    )
    add = parser.add_argument
    add("--space", help="the question: a module in search_spaces/ (see --list)")
    add("--list", action="store_true", help="list the spaces and their questions")
    add("--name", help="the sweep's name (default: the space's)")
    add("--trials", type=int, help="trials in all (default: the space's); more simply adds")
    add("--seeds", type=int, help="replicates a trial (default: the space's); more simply adds")
    add("--sampler", choices=("grid", "random", "tpe"), help="default: the space's")
    add("--set", action="extend", nargs="+", metavar="KEY=VALUE", help="change the base config")
    add("--cpus-per-trial", type=float, default=1.0, help="default: 1")
    add("--gpus-per-trial", type=float, help="default: 1 where there is a GPU, else 0")
    add("--max-concurrent", type=int, help="trials at once (default: as many as fit)")
    add("--time-budget", help="stop after so long, such as 90s, 10m, 2h; goes on when relaunched")
    add("--address", help="a running Ray cluster, such as auto (default: this machine)")
    add("--home", help="where everything is kept (default: FOCUS_HOME, or runs/)")
    add("--tracking-uri", help="MLflow (default: MLFLOW_TRACKING_URI, or HOME/mlflow.db)")
    add("--retry-failed", action="store_true", help="try failed trials again, from the start")
    add("--rerun", action="store_true", help="train again what has been trained")
    add("--local", action="store_true", help="in this process, without Ray, for a debugger")
    add("--dry-run", action="store_true", help="print the plan and stop; writes nothing")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(argv)
    if args.list:
        print_spaces()
        return EXIT_DONE
    try:
        if args.space is None:
            known = ", ".join(search_spaces.names())
            raise ValueError(f"--space is missing: one of {known}")
        plan = make_plan(args)
    except ValueError as error:
        return refuse(error)
    print_plan(plan)
    if args.dry_run:
        return EXIT_DONE
    from sweeps.run import run_sweep

    try:
        return run_sweep(plan, argv, retry_failed=args.retry_failed, rerun=args.rerun)
    except ValueError as error:
        return refuse(error)


def print_spaces() -> None:
    """Every space with the question it asks."""
    width = max(len(name) for name in search_spaces.names())
    for name in search_spaces.names():
        question = " ".join(search_spaces.load(name).question.split())
        print(f"{name:<{width}}  {question}")


def print_plan(plan: Plan) -> None:
    """The plan, before anything happens."""
    for label, text in plan.lines():
        print(f"{label:>9}  {text}")


def refuse(error: ValueError) -> int:
    """Say what is wrong in one line."""
    print(f"launch.py: {error}", file=sys.stderr)
    return EXIT_USAGE


if __name__ == "__main__":
    sys.exit(main())
