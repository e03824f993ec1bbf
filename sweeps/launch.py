"""Launch or resume a sweep: ``python sweeps/launch.py --space nfft_bins``.

The same command again resumes the sweep. Finished trials are kept, and unfinished trials continue
from their last checkpoint.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import search_spaces
from focus_core.errors import UserError
from focus_core.output import tell
from focus_core.outside.plugin import Plugin
from sweeps.commands.command_line import EXIT_DONE, EXIT_USAGE, answer, escaped, one_line
from sweeps.launching.command import carry_out, plan_of
from sweeps.planning.flags import NAME, build_parser
from sweeps.planning.plan_in_words import describe_axis
from sweeps.planning.plugins import plugins_for, plugins_in_words
from sweeps.provenance.plugins import beside_ours


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
    plugins = plugins_for(args)
    with beside_ours(plugins):
        if args.list:
            print_plugins(plugins)
            return print_spaces() if args.space is None else print_axes(args.space)
        return carry_out(plan_of(args, plugins), args, argv, own_process=own_process)


def print_plugins(plugins: Sequence[Plugin]) -> None:
    """Print the mixers and tasks of each plugin, with their options."""
    for text in plugins_in_words(plugins):
        tell(f"plugin  {escaped(text)}")


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


if __name__ == "__main__":
    sys.exit(main(own_process=True))
