"""A trained network for other programs: ``python -m sweeps.export TRIAL_ID FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from focus_core.errors import UserError
from focus_core.output import tell
from sweeps.commands.command_line import CommandLine, answer, escaped, filled, seed_number
from sweeps.exporting.selection import best_trial, chosen_trial
from sweeps.exporting.writing import new_folder, write_folder
from sweeps.planning.plugins import add_plugin_flag, read_plugins
from sweeps.provenance.plugins import beside_ours
from sweeps.record.home import find_home

NAME = "sweeps.export"


def build_parser() -> CommandLine:
    """The flags."""
    parser = CommandLine("python -m sweeps.export", "Write a trained network as a folder.")
    add_plugin_flag(parser)
    add = parser.add_argument
    add(
        "words",
        nargs="+",
        type=filled,
        metavar="TRIAL_ID FOLDER",
        help="the trial's id, or how it begins, unless --best; then the folder",
    )
    add("--best", type=filled, metavar="SWEEP", help="the best trial of a sweep")
    add("--seed", type=seed_number, help="whose weights (default: the best seed on validation)")
    add("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _export(words))


def _export(argv: list[str]) -> int:
    args = build_parser().read(argv)
    read_plugins(args.plugin or [])
    *trial, folder = args.words
    if len(trial) != (args.best is None):
        raise UserError("name a trial and a folder, or --best SWEEP and a folder")
    home = find_home(args.home)
    place = new_folder(folder)
    chosen = best_trial(home, args.best) if args.best else chosen_trial(home, trial[0])
    seed = chosen.best_seed() if args.seed is None else chosen.known_seed(args.seed)
    from sweeps.workers.trained_network import find_trained

    found = find_trained(home, chosen.row.trial_id, seed, chosen.row.code)
    with beside_ours(found.plugins):
        write_folder(place, found, chosen, picked=args.seed is None)
    tell(f"{escaped(str(place))}: trial {chosen.row.trial_id}, seed {seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
