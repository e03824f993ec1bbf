"""``python analysis/report.py [--sweep NAME] [--home DIR]``: a sweep's report, from the ledger."""

from __future__ import annotations

import gc
import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.folders import replace_folder
from analysis.reading.ledger import SweepData, read_sweep
from sweeps.command_line import CommandLine, amount, answer, escaped, home_folder, tell

NAME = "report.py"
TRIALS = "trials"


def build_parser() -> CommandLine:
    """The flags."""
    parser = CommandLine(NAME, "Write a sweep's report from the ledger.")
    add = parser.add_argument
    add("--sweep", metavar="NAME", help="default: the one last worked on")
    add("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    said = "the largest difference that nobody would care about (default: the metric's own)"
    add("--margin", type=amount, metavar="DELTA", help=said)
    said = "write it again whenever the ledger has something new, until the sweep has ended"
    add("--watch", action="store_true", help=said)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report and say where it is; 0 done, 2 nothing to report on or nowhere to write."""
    words = list(sys.argv[1:] if argv is None else argv)
    return answer(NAME, lambda: _report(words))


def _report(argv: list[str]) -> int:
    options = build_parser().read(argv)
    home = home_folder(options.home)
    margin = None if options.margin is None else check_margin(options.margin)
    if options.watch:
        from analysis.watching import watch

        return watch(
            lambda name: read_sweep(home, name or options.sweep),
            lambda data, refresh: _write(home, data, margin, refresh),
        )
    _write(home, read_sweep(home, options.sweep), margin, None)
    return 0


def check_margin(margin: float) -> float:
    """A margin that can be one.

    Raises:
        UserError: it is not above 0.
    """
    if margin > 0:
        return margin
    from focus_core.errors import UserError

    raise UserError(f"--margin {margin:g} must be above 0, in the metric's own unit, such as 0.05")


def _write(home: Path, data: SweepData, margin: float | None, refresh: int | None) -> None:
    folder = home / "reports" / folder_name(data.about["name"])
    said = replace_folder(folder, lambda fresh: _fill(fresh, data, margin, refresh))
    for line in [*said, f"Report: {folder / 'index.html'}"]:
        tell(escaped(line))


def folder_name(sweep: str) -> str:
    """The sweep's name where it is fit for a folder, else one like it with a hash behind.

    ``trials`` is not: the pages of single trials are there.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", sweep).strip(".")
    if plain and plain == sweep != TRIALS:
        return plain
    return f"{plain[:60]}-{hashlib.sha256(sweep.encode()).hexdigest()[:6]}"


def _fill(folder: Path, data: SweepData, margin: float | None, refresh: int | None) -> list[str]:
    from threadpoolctl import threadpool_limits

    from analysis.findings import Findings
    from analysis.page.report_files import write
    from analysis.page.terminal import lines
    from analysis.reading.study import study

    found = study(data, margin=margin)
    with threadpool_limits(1, user_api="blas"):  # more add up in an order that is the machine's
        written = write(folder, Findings(found), data.trials, refresh=refresh)
    return lines(written.cards, written.scores)


class _NoFrames:
    """Finds no pandas: Arrow imports it where it can, for most of a second, and has no use here."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name=name)


if __name__ == "__main__":
    sys.meta_path.insert(0, _NoFrames)
    gc.set_threshold(50_000)  # imports make half a million objects that stay: no use to go by them
    sys.exit(main())
