"""``python analysis/report.py [--sweep NAME] [--home DIR]``: a sweep's report, from the ledger.

``--ask`` and ``--check`` answer questions about the sweep and write no report.
"""

from __future__ import annotations

import argparse
import gc
import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.page.folders import replace_folder
from analysis.reading.ledger import SweepData
from analysis.reading.wanted import Wanted
from focus_core.errors import UserError
from sweeps.commands.command_line import (
    EXIT_FAILED,
    EXIT_USAGE,
    CommandLine,
    amount,
    answer,
    escaped,
    filled,
    home_folder,
    tell,
)

NAME = "report.py"
TRIALS = "trials"
NOT_JUDGED = 3
"""Exit code where nothing could be judged; 1 and 2 are taken: the answers no and not yet."""
QUESTIONS = ("--ask", "--check")


def build_parser() -> CommandLine:
    """The parser of the command's flags."""
    parser = CommandLine(NAME, "Write a sweep's report from the ledger.")
    add = parser.add_argument
    add("--sweep", metavar="NAME", help="default: the one last worked on")
    add("--home", metavar="DIR", help="default: FOCUS_HOME, else runs")
    said = "the largest difference that nobody would care about (default: the metric's own)"
    add("--margin", type=amount, metavar="DELTA", help=said)
    said = "write it again whenever the ledger has something new, until the sweep has ended"
    add("--watch", action="store_true", help=said)
    said = "only the trials with these values, such as model.order=2"
    add("--where", nargs="+", action="extend", default=[], metavar="KEY=VALUE", help=said)
    said = "several sweeps side by side; the seeds that they share are paired"
    add("--compare", nargs="+", metavar="NAME", help=said)
    said = "'A > B', 'A > B by 0.2' or 'A = B within 0.05': exit 0 yes, 1 no, 2 not yet"
    add("--ask", type=filled, metavar="QUESTION", help=said)
    said = "judge every claim of a file such as claims.toml: exit 1 where one is refuted"
    add("--check", type=filled, metavar="FILE", help=said)
    add("--json", action="store_true", help="of --ask and --check: the answer as JSON")
    said = "read another tool's sweep first, with the words of `python -m sweeps.importer` behind"
    add("--import", dest="imported", nargs=argparse.REMAINDER, metavar="TOOL", help=said)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report and print its address, or answer a question.

    Returns:
        For a report: 0 done, 2 nothing to report on or no place to write. For ``--ask``: 0 yes,
        1 no, 2 not yet. For ``--check``: 1 if a claim is refuted, else 0. For ``--ask`` and
        ``--check``: 3 if nothing could be judged.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    judged: list[int] = []
    code = answer(NAME, lambda: _run(words, judged))
    own = words[: words.index("--import")] if "--import" in words else words
    if any(word.partition("=")[0] in QUESTIONS for word in own):
        return {0: sum(judged), EXIT_FAILED: NOT_JUDGED, EXIT_USAGE: NOT_JUDGED}.get(code, code)
    return code


def _run(argv: list[str], judged: list[int]) -> int:
    options = build_parser().read(argv)
    check_together(options)
    margin = None if options.margin is None else check_margin(options.margin)
    home = _imported(options) if options.imported is not None else home_folder(options.home)
    wanted = Wanted(home=home, sweep=options.sweep, compare=options.compare, where=options.where)
    if options.ask is not None or options.check is not None:
        from analysis.asking.command import answered, checked

        if options.ask is not None:
            judged.append(answered(options.ask, wanted, margin, as_json=options.json))
        else:
            judged.append(checked(options.check, wanted, margin, as_json=options.json))
        return 0
    if options.watch:
        from analysis.page.watching import watch

        read = wanted.read if options.compare is None else lambda _: wanted.read()
        return watch(read, lambda data, refresh: _write(home, data, margin, refresh))
    _write(home, wanted.read(), margin, None)
    return 0


def check_together(options: argparse.Namespace) -> None:
    """Check that the flags can be combined.

    Raises:
        UserError: two flags contradict each other; the message says what to do.
    """
    asks = options.ask is not None or options.check is not None
    wrong = {
        "--ask asks one question and --check judges a file of them: give one of the two": (
            options.ask is not None and options.check is not None
        ),
        "--json goes with --ask or --check; the report itself has summary.json": (
            options.json and not asks
        ),
        "--watch keeps a page up to date; --ask and --check answer once: leave --watch out": (
            options.watch and asks
        ),
        "--compare names the sweeps itself: leave --sweep out": (
            options.compare is not None and options.sweep is not None
        ),
        "--import brings the sweep that is reported on: leave --sweep and --compare out": (
            options.imported is not None and (options.sweep or options.compare) is not None
        ),
        "--import says what it read: import first, then ask with --sweep NAME and --json": (
            options.imported is not None and options.json
        ),
    }
    for words, holds in wrong.items():
        if holds:
            raise UserError(words)


def check_margin(margin: float) -> float:
    """The margin, if it is valid.

    Raises:
        UserError: the margin is not above 0.
    """
    if margin > 0:
        return margin
    raise UserError(f"--margin {margin:g} must be above 0, in the metric's own unit, such as 0.05")


def _imported(options: argparse.Namespace) -> Path:
    """Import the other tool's sweep, select this sweep in ``options``, and return the home."""
    from sweeps.importer import bring_in

    home = [] if options.home is None else ["--home", options.home]
    options.sweep, where = bring_in(["--import", *options.imported, *home], "--import")
    return where


def _write(home: Path, data: SweepData, margin: float | None, refresh: int | None) -> None:
    folder = home / "reports" / folder_name(report_name(data))
    said = replace_folder(folder, lambda fresh: _fill(fresh, data, margin, refresh))
    for line in [*said, f"Report: {folder / 'index.html'}"]:
        tell(escaped(line))


def report_name(data: SweepData) -> str:
    """The sweep's name; for some of its trials another name, so that the full report stays."""
    words = data.restriction.words if data.restriction else ()
    return " ".join([str(data.about["name"]), *(["where", *words] if words else [])])


def folder_name(sweep: str) -> str:
    """The sweep's name if it can name a folder, else a similar name with a hash at its end.

    The name ``trials`` also gets a hash: the folder ``trials`` holds the pages of single trials.
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
    with threadpool_limits(1, user_api="blas"):  # with more threads, the order of sums varies
        written = write(folder, Findings(found), data.trials, refresh=refresh)
    return lines(written.cards, written.scores)


if __name__ == "__main__":
    gc.set_threshold(500_000)  # imports make half a million lasting objects: a scan is wasted
    sys.exit(main())
