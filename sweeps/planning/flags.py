"""The flags of ``launch.py``. No config field gets a flag: ``--set`` changes every field."""

from __future__ import annotations

from sweeps.commands.command_line import (
    CommandLine,
    amount,
    cluster_address,
    filled,
    one_of,
    whole,
)
from sweeps.driving.samplers import SAMPLERS
from sweeps.planning.plugins import add_plugin_flag

NAME = "launch.py"
EXIT_CODES = (
    "exit codes: 0 every trial has ended; 1 failed; 2 the command line or its surroundings are "
    "wrong; 75 the time budget is used up and work is left; 128 + n signal n stopped the sweep and "
    "work is left (130 Ctrl-C, 143 SIGTERM). After 75 and 128 + n the same command goes on."
)


def build_parser() -> CommandLine:
    """The parser of the flags."""
    parser = CommandLine(
        NAME, "Launch a sweep, or go on with one: the same command again resumes it."
    )
    parser.epilog = EXIT_CODES
    add = parser.add_argument
    add("--space", help="the question: a name of --list, a file, or a module")
    add(
        "--vary",
        action="extend",
        nargs="+",
        metavar="KEY=VALUES",
        help="ask in one line: model.order=1,2,4 train.learning_rate=1e-4..1e-2:log",
    )
    add("--base", type=filled, help="what --vary changes: far_recall, a space, or a config.json")
    add("--save-space", metavar="FILE", type=filled, help="write the question as a file, and stop")
    add("--list", action="store_true", help="list the spaces; with --space, all values of its axes")
    add("--name", help="the sweep's name (default: the space's)")
    add("--trials", type=whole, help="trials in all (default: the space's); more simply adds")
    add("--seeds", type=whole, help="replicates a trial (default: the space's); more simply adds")
    add("--sampler", type=one_of(*SAMPLERS), help=f"{', '.join(SAMPLERS)} (default: the space's)")
    add_plugin_flag(parser)
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
